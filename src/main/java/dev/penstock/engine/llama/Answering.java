package dev.penstock.engine.llama;

import dev.penstock.core.TimeLimit;
import dev.penstock.engine.EngineStopped;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationEnd.Reason;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.engine.Generator;
import dev.penstock.engine.ModelFailure;
import dev.penstock.models.GgufFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * One request's answers, each in a slot. What its process does not live to see goes on in the next
 * one, from the tokens that there are. For one thread, which hears of everything.
 */
final class Answering {
  /** A text that was there each time is not tried on another process. */
  private static final int MOST_DEATHS = 2;

  private final String name;
  private final LivingModel model;
  private final SlotTurns turns;
  private final List<Integer> prompt;
  private final int most;
  private final List<Sampling> samplings;
  private final List<String> stops;
  private final Generator.Asker asker;
  private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
  private final List<Choice> choices = new ArrayList<>();
  private boolean begun;
  private int open;
  private @Nullable ModelFailure failure;

  /**
   * @param samplings of each choice
   */
  Answering(
      String name,
      LivingModel model,
      SlotTurns turns,
      List<Integer> prompt,
      int most,
      List<Sampling> samplings,
      List<String> stops,
      Generator.Asker asker) {
    this.name = name;
    this.model = model;
    this.turns = turns;
    this.prompt = prompt;
    this.most = most;
    this.samplings = samplings;
    this.stops = stops;
    this.asker = asker;
  }

  /** Makes the answers. Blocks until the last has ended. */
  GenerationEnd run() throws InterruptedException, ModelFailure {
    TimeLimit limit = asker.limit();
    if (limit != null) {
      limit.stand();
    }
    List<int[]> before = asker.before();
    open = samplings.size();
    try {
      for (int i = 0; i < samplings.size(); i++) {
        var choice =
            new Choice(i, samplings.get(i), i < before.size() ? before.get(i) : new int[0]);
        choices.add(choice);
        choice.ticket = turns.ask(asker.owner(), asker.priority(), prompt.size(), choice);
      }
      while (open > 0) {
        events.take().run();
        if (failure != null) {
          throw failure;
        }
      }
    } finally {
      choices.forEach(Choice::leave);
      if (limit != null) {
        limit.goOn();
      }
    }
    return new GenerationEnd(
        choices.stream().map(Choice::reason).toList(),
        prompt.size(),
        0,
        choices.stream().mapToInt(choice -> choice.tokens.size()).sum(),
        0,
        GgufFiles.LLAMA);
  }

  private void begin() {
    if (!begun) {
      begun = true;
      TimeLimit limit = asker.limit();
      if (limit != null) {
        limit.pass();
      }
      asker.begun();
    }
  }

  /** One of the answers. */
  private final class Choice implements SlotTurns.Taker, GenerationListener {
    private final int number;
    private final Sampling sampling;
    private final List<Integer> before;
    private final List<Integer> tokens = new ArrayList<>();
    private SlotTurns.@Nullable Ticket ticket;
    private int deaths;
    private int opened;
    private @Nullable Reason reason;

    /** The text in the process; 0: none. Guarded by this, as {@link #left}. */
    private long running;

    /** Nobody hears of it any more. */
    private boolean left;

    Choice(int number, Sampling sampling, int[] before) {
      this.number = number;
      this.sampling = sampling;
      this.before = Arrays.stream(before).boxed().toList();
    }

    Reason reason() {
      return reason == null ? Reason.STOP : reason;
    }

    @Override
    public void granted() {
      events.add(() -> {
        begin();
        start();
      });
    }

    @Override
    public void refused() {
      events.add(() -> failure = new ModelFailure(name, new EngineStopped()));
    }

    private void start() {
      long id = model.process().number();
      opened = model.times();
      synchronized (this) {
        running = id;
      }
      List<Integer> known = tokens.size() < before.size() ? before : List.copyOf(tokens);
      model
          .process()
          .generate(new Generation(id, prompt, known, tokens.size(), most, sampling, stops), this);
    }

    @Override
    public void piece(int token, String text) {
      events.add(() -> {
        model.works();
        tokens.add(token);
        asker.piece(GenerationPiece.text(number, new int[] {token}, text));
      });
    }

    @Override
    public void ended(Ending ending) {
      synchronized (this) {
        running = 0;
        if (left) {
          release();
        }
      }
      events.add(() -> end(ending));
    }

    private void end(Ending ending) {
      switch (ending.cause()) {
        case STOP -> done(Reason.STOP, ending.rest());
        case LENGTH -> done(Reason.LENGTH, ending.rest());
        case DIED -> goOn(ending.reason());
        case FAILED -> failure = new ModelFailure(name, new LlamaFailure(ending.reason()));
        case CANCELLED ->
            failure = new ModelFailure(name, new LlamaFailure("the text was cancelled"));
      }
    }

    private void done(Reason why, String rest) {
      reason = why;
      if (!rest.isEmpty()) {
        asker.piece(GenerationPiece.text(number, new int[0], rest));
      }
      open--;
      release();
    }

    private void goOn(String died) {
      if (model.closed()) {
        failure = new ModelFailure(name, new EngineStopped());
        return;
      }
      if (!died.equals(LlamaProcess.NOT_OPEN)) {
        model.died(died);
        deaths++;
      }
      if (deaths == MOST_DEATHS) {
        failure =
            new ModelFailure(
                name, new LlamaFailure("its process died twice while this text was made: " + died));
        return;
      }
      try {
        model.open(opened);
        start();
      } catch (LlamaFailure e) {
        failure = new ModelFailure(name, model.closed() ? new EngineStopped() : e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the next wait ends with it
      }
    }

    /** Its slot is free as soon as nothing runs in it. */
    private void leave() {
      long id;
      synchronized (this) {
        left = true;
        id = running;
        if (id == 0) {
          release();
        }
      }
      if (id != 0) {
        model.process().cancel(id);
      }
    }

    private void release() {
      SlotTurns.Ticket own = ticket;
      if (own != null) {
        own.release();
      }
    }
  }
}
