package dev.penstock.bus;

import dev.penstock.task.Task;
import dev.penstock.task.TaskId;

/** Something that happened, told to whoever listens on a node. Losing one is always made good. */
public sealed interface Event {

  /** A task somebody waits for has ended; the input is left out. */
  record TaskSettled(Task task) implements Event {}

  /** A task that a worker runs was cancelled: it should stop. The next extend says so too. */
  record RunCancelled(TaskId id) implements Event {}
}
