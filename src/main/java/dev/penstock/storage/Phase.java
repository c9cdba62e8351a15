package dev.penstock.storage;

import dev.penstock.task.TaskState;

/** Where a task is counted: its state, with two kinds of pending and of processing told apart. */
public enum Phase {
  READY(TaskState.PENDING),
  SCHEDULED(TaskState.PENDING),
  RUNNING(TaskState.PROCESSING),
  /** For children, with nobody running it. */
  WAITING(TaskState.PROCESSING),
  COMPLETED(TaskState.COMPLETED),
  FAILED(TaskState.FAILED),
  CANCELLED(TaskState.CANCELLED);

  private final TaskState state;

  Phase(TaskState state) {
    this.state = state;
  }

  public TaskState state() {
    return state;
  }

  public static Phase of(TaskState state, boolean ready) {
    return switch (state) {
      case PENDING -> ready ? READY : SCHEDULED;
      case PROCESSING -> RUNNING;
      case COMPLETED -> COMPLETED;
      case FAILED -> FAILED;
      case CANCELLED -> CANCELLED;
    };
  }
}
