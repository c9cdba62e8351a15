package dev.penstock.protocol;

import dev.penstock.json.Fields;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;

/** Reads and checks results as the worker protocol has them: each task type knows its own. */
@FunctionalInterface
public interface ResultReader {
  /**
   * A task's result.
   *
   * @param result as it was sent; empty: there is none
   */
  TaskOutput read(Fields request, byte[] result, TaskId id) throws InterruptedException;
}
