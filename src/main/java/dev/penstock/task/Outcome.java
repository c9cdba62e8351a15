package dev.penstock.task;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a handler returns: how its run ended and what should follow. */
public sealed interface Outcome {

  /** It worked. */
  record Done(TaskOutput output) implements Outcome {}

  /** It failed and may work later: tried again with back-off while attempts remain. */
  record Retry(TaskError error) implements Outcome {}

  /** The input is at fault: never tried again. */
  record Reject(TaskError error) implements Outcome {}

  /** There is no room for it now: tried again after the delay, and no attempt is spent. */
  record Postpone(Duration delay) implements Outcome {
    /** The longest delay. */
    public static final Duration MOST = Duration.ofDays(30);
  }

  /**
   * It goes on when its children have: the task waits for them with no lease, no place and no
   * attempt spent, and is run again when at most {@code wakeAt} are open. Where that is so already
   * it is run again at once. A store that is too full for new tasks postpones the task instead,
   * uncounted; the checkpoint and what it said before by {@link TaskHandler.Control} is kept then,
   * and the one given here is not.
   *
   * @param children new ones, at most {@value #MOST_CHILDREN} and of {@value #MOST_BYTES} bytes in
   *     all; an id that is known already is left as it is
   * @param wakeAt so many may be open when it is run again
   * @param atMost the longest wait; null: until its children end
   * @param wakeOnFailure whether a child that fails, or is cancelled, ends the wait
   * @param checkpoint what the next run gets once the children are taken, as {@link
   *     TaskHandler.Control#checkpoint(byte[])}; null: what it has
   */
  record Await(
      List<ChildTask> children,
      int wakeAt,
      @Nullable Duration atMost,
      boolean wakeOnFailure,
      byte @Nullable [] checkpoint)
      implements Outcome {
    /** How many new children one await may bring. */
    public static final int MOST_CHILDREN = 256;

    /** What the inputs of the new children may come to. */
    public static final int MOST_BYTES = 4 << 20;

    /** How many open children a task may have. */
    public static final int MOST_OPEN = 1_024;

    /** Written out: the parameters of a compact one would not show that an array may be null. */
    public Await(
        List<ChildTask> children,
        int wakeAt,
        @Nullable Duration atMost,
        boolean wakeOnFailure,
        byte @Nullable [] checkpoint) {
      if (wakeAt < 0) {
        throw new IllegalArgumentException("wakeAt must not be negative");
      }
      this.children = List.copyOf(children);
      this.wakeAt = wakeAt;
      this.atMost = atMost;
      this.wakeOnFailure = wakeOnFailure;
      this.checkpoint = checkpoint;
    }
  }

  /** It worked; the result is a value as {@link TaskOutput#of} writes it. */
  static Outcome done(@Nullable Object result) {
    return new Done(TaskOutput.of(result));
  }

  /** It failed for a reason that may pass. */
  static Outcome retry(String message) {
    return new Retry(new TaskError(TaskError.Code.HANDLER_FAILED, message));
  }

  /** The input is at fault in a way that its schema cannot say. */
  static Outcome reject(String message) {
    return new Reject(new TaskError(TaskError.Code.INVALID_INPUT, message));
  }
}
