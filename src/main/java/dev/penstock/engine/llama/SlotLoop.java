package dev.penstock.engine.llama;

import dev.penstock.engine.llama.LlamaContext.StepFailed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * Makes several texts side by side, in steps: each text gets one token a step, and prompts fill
 * what is left of it, the oldest first. Texts come and go between any two steps. What the loop asks
 * the library for is checked here and in {@link LlamaContext}: a text that cannot be made fails
 * alone.
 */
final class SlotLoop {
  /** Whoever asks for texts keeps them: this many wait at most. */
  static final int MOST_WAITING = 1_024;

  private final LlamaContext context;
  private final LlamaModel model;
  private final LongFunction<GenerationListener> listeners;
  private final Sampler sampler;
  private final float[] scores;

  /** By their slot's number, of which the lowest that is free is taken. */
  private final TreeMap<Integer, Slot> running = new TreeMap<>();

  /** In the order in which they came. */
  private final List<Slot> byAge = new ArrayList<>();

  /** Guarded by this, as all below. */
  private final Deque<Generation> waiting = new ArrayDeque<>();

  private final Set<Long> cancelled = new HashSet<>();
  private boolean closed;
  private long steps;
  private long stepBegan;

  /**
   * How the loop is.
   *
   * @param steps that it has made
   * @param stepNanos for how long the step under way has taken; 0 between steps
   */
  record Health(long steps, long stepNanos) {}

  /**
   * @param listeners who hears of a text, by its number; heard on the loop's thread
   */
  SlotLoop(LlamaContext context, LongFunction<GenerationListener> listeners) {
    this.context = context;
    this.model = context.model();
    this.listeners = listeners;
    sampler = new Sampler(model.tokens());
    scores = new float[model.tokens()];
  }

  /** Takes a text. It waits for a slot, where none is free. From any thread. */
  synchronized void submit(Generation generation) {
    if (closed || waiting.size() >= MOST_WAITING) {
      listener(generation).ended(Ending.failed("too many texts wait for this model"));
      return;
    }
    waiting.add(generation);
    notifyAll();
  }

  /** Nobody wants that text any more: it ends before the next step. From any thread. */
  synchronized void cancel(long id) {
    cancelled.add(id);
    notifyAll();
  }

  /** The loop ends before the next step. What runs is not told. From any thread. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }

  synchronized Health health() {
    return new Health(steps, stepBegan == 0 ? 0 : Math.max(1, System.nanoTime() - stepBegan));
  }

  /** Makes texts until it is closed. Blocks. */
  void run() throws InterruptedException {
    while (admit()) {
      fill();
      began();
      try {
        context.step();
        List.copyOf(byAge).stream().filter(Slot::scored).forEach(this::takeNext);
      } catch (StepFailed e) {
        // What the slots hold is not known any more.
        List.copyOf(byAge).forEach(slot -> end(slot, Ending.failed(e.reason())));
      } finally {
        ended();
      }
    }
  }

  private synchronized void began() {
    stepBegan = System.nanoTime();
  }

  private synchronized void ended() {
    stepBegan = 0;
    steps++;
  }

  /** Waits for work; false when it is closed. */
  private boolean admit() throws InterruptedException {
    List<Generation> next = new ArrayList<>();
    List<Generation> unwanted = new ArrayList<>();
    Set<Long> unwantedIds;
    synchronized (this) {
      while (!closed && running.isEmpty() && waiting.isEmpty()) {
        cancelled.clear(); // they have ended before
        wait();
      }
      if (closed) {
        return false;
      }
      unwantedIds = Set.copyOf(cancelled);
      cancelled.clear();
      waiting.removeIf(each -> unwantedIds.contains(each.id()) && unwanted.add(each));
      long leaving =
          byAge.stream().filter(slot -> unwantedIds.contains(slot.generation.id())).count();
      for (long free = context.slots() - running.size() + leaving;
          free > 0 && !waiting.isEmpty();
          free--) {
        next.add(waiting.remove());
      }
    }
    unwanted.forEach(each -> listener(each).ended(Ending.of(Ending.Cause.CANCELLED, "")));
    List.copyOf(byAge).stream()
        .filter(slot -> unwantedIds.contains(slot.generation.id()))
        .forEach(slot -> end(slot, Ending.of(Ending.Cause.CANCELLED, "")));
    next.forEach(this::enter);
    return true;
  }

  private void enter(Generation generation) {
    int length = generation.prompt().size() + generation.before().size();
    if (length > context.context()) {
      listener(generation)
          .ended(
              Ending.failed(
                  "%d tokens do not fit into a context of %d"
                      .formatted(length, context.context())));
      return;
    }
    int number = 0;
    while (running.containsKey(number)) {
      number++;
    }
    try {
      generation.prompt().forEach(model::checked);
      generation.sampling().bias().keySet().forEach(model::checked);
      var slot = new Slot(number, generation, model, listener(generation)::piece);
      running.put(number, slot);
      byAge.add(slot);
      endWhereDone(slot);
    } catch (IllegalArgumentException e) {
      listener(generation).ended(Ending.failed(String.valueOf(e.getMessage())));
    }
  }

  private void fill() {
    byAge.stream().filter(slot -> !slot.reads()).forEach(slot -> slot.addLast(context));
    byAge.stream().filter(Slot::reads).forEach(slot -> slot.addPrompt(context));
  }

  private void takeNext(Slot slot) {
    int token;
    try {
      context.scores(slot.place(), scores);
      token = sampler.next(scores, slot.generation.sampling(), slot.counts(), slot.made());
    } catch (StepFailed e) {
      end(slot, Ending.failed(e.reason()));
      return;
    } catch (ArithmeticException e) {
      end(slot, Ending.failed(String.valueOf(e.getMessage())));
      return;
    }
    if (model.endsText(token)) {
      end(slot, Ending.of(Ending.Cause.STOP, slot.text.end()));
      return;
    }
    slot.take(token);
    listener(slot.generation).piece(token, slot.text.add(model.piece(token)));
    endWhereDone(slot);
  }

  private void endWhereDone(Slot slot) {
    if (slot.text.stopped()) {
      end(slot, Ending.of(Ending.Cause.STOP, ""));
    } else if (slot.made() >= slot.generation.most()
        || (!slot.reads() && context.length(slot.number) >= context.context())) {
      end(slot, Ending.of(Ending.Cause.LENGTH, slot.text.end()));
    }
  }

  private void end(Slot slot, Ending ending) {
    running.remove(slot.number);
    byAge.remove(slot);
    context.forget(slot.number);
    listener(slot.generation).ended(ending);
  }

  private GenerationListener listener(Generation generation) {
    return listeners.apply(generation.id());
  }
}
