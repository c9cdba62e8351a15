package dev.penstock.core;

import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import org.jspecify.annotations.Nullable;

/**
 * A lease that its worker still holds and wants to last longer.
 *
 * @param progress how far the run is; null: nothing new
 * @param checkpoint what the next run is to go on from; null: nothing new
 */
public record HeldLease(
    TaskId id, String token, @Nullable Progress progress, @Nullable Checkpoint checkpoint) {

  /** Of a run that has no new checkpoint. */
  public HeldLease(TaskId id, String token, @Nullable Progress progress) {
    this(id, token, progress, null);
  }

  public HeldLease withoutCheckpoint() {
    return new HeldLease(id, token, progress);
  }
}
