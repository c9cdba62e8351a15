package dev.penstock.bus;

import dev.penstock.task.Task;

/** Something that happened, told to whoever listens on a node. Losing one is always made good. */
public sealed interface Event {

  /** A task somebody waits for has ended; the input is left out. */
  record TaskSettled(Task task) implements Event {}
}
