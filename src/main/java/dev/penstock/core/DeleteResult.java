package dev.penstock.core;

import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import org.jspecify.annotations.Nullable;

/** What deleting by hand did with one task. */
public sealed interface DeleteResult {
  /** The task is no more, with all that belonged to it. */
  record Now() implements DeleteResult {}

  /** It has not ended: nothing changed. Without input and output. */
  record Live(Task task) implements DeleteResult {}

  /**
   * Its family needs it still: nothing changed.
   *
   * @param parent who may want to read it; null: its own children are being cancelled
   */
  record Needed(@Nullable TaskId parent) implements DeleteResult {}

  record Unknown() implements DeleteResult {}
}
