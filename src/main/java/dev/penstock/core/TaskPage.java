package dev.penstock.core;

import dev.penstock.task.Task;
import java.util.List;

/**
 * A part of a list of tasks, newest first, without inputs and outputs.
 *
 * @param more whether others follow
 * @param cut a text was looked for in the newest tasks only: older ones may match too
 */
public record TaskPage(List<Task> tasks, boolean more, boolean cut) {
  /** There are none. */
  public static final TaskPage NONE = new TaskPage(List.of(), false, false);

  public TaskPage {
    tasks = List.copyOf(tasks);
  }
}
