package dev.penstock.core;

import dev.penstock.task.Task;
import dev.penstock.task.TaskId;

/** What retrying by hand did with one task. */
public sealed interface RetryResult {
  /**
   * It is pending again, and ready unless its time is still to come: whole where it may have yet to
   * be enqueued, brief after that.
   */
  record Now(Task task) implements RetryResult {}

  /** It has neither failed nor been cancelled: nothing changed. Without input and output. */
  record Otherwise(Task task) implements RetryResult {}

  record Unknown() implements RetryResult {}

  /** Its input left to make room after it had been cancelled: nothing changed. */
  record InputGone() implements RetryResult {}

  /** It had not begun by the time it was to, and needs a new one: nothing changed. */
  record NeedsStart() implements RetryResult {}

  /** Children that it may still want to read are no more: nothing changed. */
  record ChildrenGone() implements RetryResult {}

  /** It is a child, and its parent, which has ended, has to be retried: nothing changed. */
  record ParentEnded(TaskId parent) implements RetryResult {}
}
