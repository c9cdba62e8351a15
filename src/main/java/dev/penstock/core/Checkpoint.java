package dev.penstock.core;

import dev.penstock.task.TaskId;
import java.util.List;

/**
 * What the next run of a task goes on from, and the children whose results it is made of: both are
 * kept or neither is.
 *
 * @param state at most {@link dev.penstock.task.TaskHandler.Control#MAX_CHECKPOINT} bytes; shared,
 *     not copied
 * @param read children that have ended, and whose results are not asked for again
 */
public record Checkpoint(byte[] state, List<TaskId> read) {
  public Checkpoint {
    read = List.copyOf(read);
  }
}
