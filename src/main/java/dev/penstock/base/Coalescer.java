package dev.penstock.base;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Questions of many callers that travel together: while some are on their way the next gather, so a
 * caller who is alone waits for nobody. They share their fate: when nobody answered, it is so for
 * all that were asked together, so a question must be safe to repeat. At most 8,192 callers wait;
 * further ones are refused.
 */
public final class Coalescer<Q, A> {
  /** So many that one set is sent while the answers to another are read. */
  private static final int MOST_UNDER_WAY = 2;

  private static final int MOST_WAITING = 8_192;
  private static final int MOST_TOGETHER = 1_000;
  private static final long MOST_BYTES = 8L << 20;

  private final Function<List<Q>, List<A>> ask;
  private final ToLongFunction<Q> size;
  private final Duration limit;

  private final Object lock = new Object();
  private final Deque<Call<Q, A>> waiting = new ArrayDeque<>();
  private int underWay;

  /**
   * @param bytes of all questions
   */
  private record Call<Q, A>(List<Q> questions, long bytes, CompletableFuture<List<A>> answers) {}

  /**
   * @param ask answers all, in their order; may block, on a virtual thread of its own
   * @param size bytes of a question
   * @param limit how long a caller waits for its answers
   */
  public Coalescer(Function<List<Q>, List<A>> ask, ToLongFunction<Q> size, Duration limit) {
    this.ask = ask;
    this.size = size;
    this.limit = limit;
  }

  /**
   * The answers to a caller's questions, in their order. Blocks.
   *
   * @throws Unavailable when there was no answer
   */
  public List<A> ask(List<Q> questions) throws InterruptedException {
    if (questions.isEmpty()) {
      return List.of();
    }
    long bytes = questions.stream().mapToLong(size).sum();
    var call = new Call<Q, A>(questions, bytes, new CompletableFuture<>());
    synchronized (lock) {
      if (waiting.size() >= MOST_WAITING) {
        throw Unavailable.refused("too many wait", new IllegalStateException("gathered"));
      }
      waiting.add(call);
      if (underWay < MOST_UNDER_WAY) {
        underWay++;
        Thread.ofVirtual().name("gathered").start(this::answerAll);
      }
    }
    try {
      return await(call.answers());
    } catch (TimeoutException e) {
      String why = "no answer within " + limit.toMillis() + " ms";
      throw takenBack(call) ? Unavailable.refused(why, e) : Unavailable.unknown(why, e);
    } catch (InterruptedException e) {
      var _ = takenBack(call);
      throw e;
    }
  }

  /** Nobody waits for it any more: it is not asked if it has not been. */
  @SuppressWarnings("ReferenceEquality") // another caller's may ask the same
  private boolean takenBack(Call<Q, A> call) {
    synchronized (lock) {
      return waiting.removeIf(other -> other == call);
    }
  }

  /** Callers whose questions have not been asked yet. */
  int waiting() {
    synchronized (lock) {
      return waiting.size();
    }
  }

  /** Until nothing waits any more. */
  private void answerAll() {
    for (List<Call<Q, A>> calls = next(); !calls.isEmpty(); calls = next()) {
      answer(calls);
    }
  }

  private List<Call<Q, A>> next() {
    List<Call<Q, A>> taken = new ArrayList<>();
    long count = 0;
    long bytes = 0;
    synchronized (lock) {
      while (!waiting.isEmpty() && count < MOST_TOGETHER && bytes < MOST_BYTES) {
        Call<Q, A> call = waiting.remove();
        taken.add(call);
        count += call.questions().size();
        bytes += call.bytes();
      }
      if (taken.isEmpty()) {
        underWay--;
      }
    }
    return taken;
  }

  private void answer(List<Call<Q, A>> calls) {
    try {
      List<A> answers =
          ask.apply(calls.stream().flatMap(call -> call.questions().stream()).toList());
      int from = 0;
      for (Call<Q, A> call : calls) {
        int to = from + call.questions().size();
        call.answers().complete(answers.subList(from, to));
        from = to;
      }
    } catch (Unavailable e) {
      calls.forEach(call -> call.answers().completeExceptionally(e));
    } catch (RuntimeException | Error e) {
      if (calls.size() == 1) {
        calls.getFirst().answers().completeExceptionally(e);
      } else {
        calls.forEach(call -> answer(List.of(call))); // One is at fault, not its neighbours.
      }
    }
  }

  private List<A> await(CompletableFuture<List<A>> answers)
      throws InterruptedException, TimeoutException {
    try {
      return answers.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case Unavailable why -> why.again();
        case null -> new IllegalStateException(e);
        case Throwable cause -> new IllegalStateException(cause.getMessage(), cause);
      };
    }
  }
}
