package dev.penstock.task;

import java.util.Locale;

/** Where a task is on its way. A pending task waits its turn, or for its time to come. */
public enum TaskState {
  PENDING,
  PROCESSING,
  COMPLETED,
  FAILED,
  CANCELLED;

  /** True when nothing will change the task any more. */
  public boolean ended() {
    return switch (this) {
      case PENDING, PROCESSING -> false;
      case COMPLETED, FAILED, CANCELLED -> true;
    };
  }

  /** The name used in JSON: lower case. */
  public String json() {
    return name().toLowerCase(Locale.ROOT);
  }
}
