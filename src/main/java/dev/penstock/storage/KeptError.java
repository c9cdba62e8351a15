package dev.penstock.storage;

import dev.penstock.task.TaskError;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The error of a task as stores keep it: its code and its message apart. */
public final class KeptError {
  private KeptError() {}

  /** Null where there is none. A code that is not known here is a newer node's. */
  public static @Nullable TaskError of(@Nullable String code, @Nullable String message) {
    if (code == null || message == null) {
      return null;
    }
    for (TaskError.Code each : TaskError.Code.values()) {
      if (each.name().equals(code)) {
        return new TaskError(each, message);
      }
    }
    return new TaskError(
        TaskError.Code.HANDLER_FAILED, code.toLowerCase(Locale.ROOT) + ": " + message);
  }
}
