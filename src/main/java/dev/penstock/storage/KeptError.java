package dev.penstock.storage;

import dev.penstock.task.TaskError;
import org.jspecify.annotations.Nullable;

/** The error of a task as stores keep it: its code and its message apart. */
public final class KeptError {
  private KeptError() {}

  /** Null where there is none. */
  public static @Nullable TaskError of(@Nullable String code, @Nullable String message) {
    return code == null || message == null
        ? null
        : new TaskError(TaskError.Code.valueOf(code), message);
  }
}
