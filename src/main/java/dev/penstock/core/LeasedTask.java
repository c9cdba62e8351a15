package dev.penstock.core;

import dev.penstock.task.Task;
import org.jspecify.annotations.Nullable;

/**
 * A task and the lease under which its receiver may run it.
 *
 * @param run how many leases on it there have been, this one included
 * @param checkpoint what an earlier run left; null: nothing
 */
public record LeasedTask(Task task, Lease lease, long run, byte @Nullable [] checkpoint) {

  /** Of a run that has nothing to go on from. */
  public LeasedTask(Task task, Lease lease) {
    this(task, lease, 1, null);
  }
}
