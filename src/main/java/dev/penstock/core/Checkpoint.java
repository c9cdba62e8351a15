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
 * @param number counts up with each new one of a lease, so that an older one that comes late is
 *     known; 0: nobody counts
 */
public record Checkpoint(byte[] state, List<TaskId> read, long number) {
  public Checkpoint {
    read = List.copyOf(read);
  }

  /** One that nobody counts: a run leaves it at its end, or an older version tells it. */
  public Checkpoint(byte[] state, List<TaskId> read) {
    this(state, read, 0);
  }

  public Checkpoint numbered(long which) {
    return new Checkpoint(state, read, which);
  }
}
