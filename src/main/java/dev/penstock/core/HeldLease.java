package dev.penstock.core;

import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A lease that its worker still holds and wants to last longer.
 *
 * @param progress how far the run is; null: nothing new
 * @param checkpoint what the next run is to go on from; null: nothing new
 * @param begun since when the run's time passes, by the store's clock, later by all that it has
 *     stood still; null: since it was leased
 */
public record HeldLease(
    TaskId id,
    String token,
    @Nullable Progress progress,
    @Nullable Checkpoint checkpoint,
    @Nullable Instant begun) {

  /** Of a run whose time has passed since it was leased. */
  public HeldLease(
      TaskId id, String token, @Nullable Progress progress, @Nullable Checkpoint checkpoint) {
    this(id, token, progress, checkpoint, null);
  }

  /** Of a run that has no new checkpoint. */
  public HeldLease(TaskId id, String token, @Nullable Progress progress) {
    this(id, token, progress, null);
  }

  /** Of a run of which this is not to be said. */
  public HeldLease withoutBegun() {
    return new HeldLease(id, token, progress, checkpoint);
  }

  /** Of a run whose checkpoints are not counted. */
  public HeldLease withoutNumber() {
    return checkpoint == null
        ? this
        : new HeldLease(id, token, progress, checkpoint.numbered(0), begun);
  }

  public HeldLease withoutCheckpoint() {
    return new HeldLease(id, token, progress, null, begun);
  }
}
