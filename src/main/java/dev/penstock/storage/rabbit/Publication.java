package dev.penstock.storage.rabbit;

import dev.penstock.storage.TaskMessage;
import dev.penstock.task.TaskSpec;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** One task on its way into the broker, and what became of it. */
final class Publication {

  /** How it ended. */
  sealed interface Fate {
    record Confirmed() implements Fate {}

    /** It is surely not in the broker. */
    record Refused(String reason) implements Fate {}

    /** It may be in the broker. */
    record Unknown(String reason) implements Fate {}
  }

  private final TaskSpec task;
  private final String route;
  private final byte[] message;
  private final AtomicBoolean begun = new AtomicBoolean();
  private final CompletableFuture<Fate> fate = new CompletableFuture<>();
  private volatile boolean returned;

  /**
   * Encodes the task here: the one thread that publishes has enough to do.
   *
   * @param route the routing key of the queue it is for
   */
  Publication(TaskSpec task, String route) {
    this.task = task;
    this.route = route;
    this.message = TaskMessage.encode(task);
  }

  TaskSpec task() {
    return task;
  }

  String route() {
    return route;
  }

  byte[] message() {
    return message;
  }

  /** False: whoever waited for it has given up, and it must not be sent any more. */
  boolean begin() {
    return begun.compareAndSet(false, true);
  }

  /** The broker had no queue for it; its confirm follows all the same. */
  void returned() {
    returned = true;
  }

  void confirmed() {
    fate.complete(
        returned ? new Fate.Refused("the broker has no queue for it") : new Fate.Confirmed());
  }

  void refused(String reason) {
    fate.complete(new Fate.Refused(reason));
  }

  void unknown(String reason) {
    fate.complete(new Fate.Unknown(reason));
  }

  /**
   * Waits for its end.
   *
   * @param until by {@link System#nanoTime}
   */
  Fate await(long until) throws InterruptedException {
    try {
      return fate.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return giveUp("the broker did not confirm it in time");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private Fate giveUp(String reason) {
    return fate.getNow(begin() ? new Fate.Refused(reason) : new Fate.Unknown(reason));
  }

  /** Nobody waits for it any more: it is not sent if it has not been. */
  void abandon() {
    var _ = giveUp("abandoned");
  }
}
