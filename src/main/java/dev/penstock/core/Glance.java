package dev.penstock.core;

import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import org.jspecify.annotations.Nullable;

/**
 * A task without what may be long of it, and how long that is: who wants the rest can see to it
 * that there is room first.
 *
 * @param task without its input, and without its result where that has more than {@link #SHORT}
 *     bytes
 * @param format its result's; null: it has none
 * @param inputBytes how long its input is
 * @param resultBytes how long its result is
 */
public record Glance(
    Task task, TaskOutput.@Nullable Format format, long inputBytes, long resultBytes) {
  /** Results up to so many bytes come at once. */
  public static final int SHORT = 64 * 1024;

  /** Of a task that is here whole. */
  public static Glance of(Task whole) {
    TaskOutput output = whole.output();
    int bytes = output == null ? 0 : output.bytes().length;
    return new Glance(
        whole.brief().withOutput(bytes > SHORT ? null : output),
        output == null ? null : output.format(),
        whole.spec().input().length,
        bytes);
  }

  /** The same of the task as it is shown. */
  public Glance with(Task shown) {
    return new Glance(shown, format, inputBytes, resultBytes);
  }

  /** Whether the task comes without a result that it has. */
  public boolean without() {
    return format != null && task.output() == null;
  }
}
