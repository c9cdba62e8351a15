package dev.penstock.core;

import dev.penstock.task.Task;
import org.jspecify.annotations.Nullable;

/**
 * A task and the lease under which its receiver may run it.
 *
 * @param run how many leases on it there have been, this one included
 * @param checkpoint what an earlier run left; null: nothing
 * @param deaths how many processes ended unannounced while they ran it
 */
public record LeasedTask(
    Task task, Lease lease, long run, byte @Nullable [] checkpoint, int deaths) {

  /** A task that has seen so many deaths is a suspect: it is run apart from others. */
  public static final int SUSPECT = 2;

  /** Of a task that has seen no death. */
  public LeasedTask(Task task, Lease lease, long run, byte @Nullable [] checkpoint) {
    this(task, lease, run, checkpoint, 0);
  }

  /** Of a run that has nothing to go on from. */
  public LeasedTask(Task task, Lease lease) {
    this(task, lease, 1, null);
  }

  /** Whether it may be what its processes died of. */
  public boolean suspect() {
    return deaths >= SUSPECT;
  }
}
