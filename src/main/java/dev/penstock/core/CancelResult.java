package dev.penstock.core;

import dev.penstock.task.Task;
import org.jspecify.annotations.Nullable;

/** What cancelling did with one task; tasks come without input and output. */
public sealed interface CancelResult {
  /**
   * The task was cancelled by this.
   *
   * @param worker who was running it; null: nobody
   */
  record Now(Task task, @Nullable String worker) implements CancelResult {}

  /** It had ended before, perhaps as cancelled: nothing changed. */
  record Ended(Task task) implements CancelResult {}

  record Unknown() implements CancelResult {}
}
