package dev.penstock.core;

import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskOutput;
import java.time.Duration;

/** What a settle writes: the end of a task, or of this run of it. */
public sealed interface Ending {

  record Completed(TaskOutput output) implements Ending {}

  record Failed(TaskError error) implements Ending {}

  /** Pending again once the delay is over; an attempt is spent. */
  record Backoff(TaskError error, Duration delay) implements Ending {}

  /**
   * Pending again once the delay is over; no attempt is spent.
   *
   * @param begun whether the run had begun, so that the task cannot expire unrun
   * @param cost how much it uses up of {@link Outcome.Postpone#MOST}, which is all that there is
   *     until an attempt is spent; zero: nothing
   */
  record Returned(Duration delay, boolean begun, Duration cost) implements Ending {

    /** One that costs nothing. */
    public Returned(Duration delay, boolean begun) {
      this(delay, begun, Duration.ZERO);
    }

    /** Of a run that had not begun. */
    public Returned(Duration delay) {
      this(delay, false);
    }
  }

  /**
   * The process that ran it alone died: ready again, with one more death, or failed once it was
   * lost more often than {@code most}; no attempt is spent.
   */
  record Died(TaskError error, int most) implements Ending {}

  /** Not run until children have ended; no attempt is spent. */
  record Waits(Awaiting awaiting) implements Ending {}
}
