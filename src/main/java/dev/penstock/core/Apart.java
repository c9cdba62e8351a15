package dev.penstock.core;

import dev.penstock.task.Outcome;
import dev.penstock.task.TaskHandler;

/**
 * Runs suspects in a process beside this one, which they may kill. Safe for use by several threads.
 */
public interface Apart {

  /** Keeps a place for as many more as it takes now; returns how many. */
  int reserve();

  /** So many of the places that were kept are not needed. */
  void release(int places);

  /**
   * Runs it there, in a place that was kept for it, and blocks until it has run.
   *
   * @return what its handler returned. {@link Outcome.Postpone}: it did not run to its end, for
   *     want of room or because the process died while others ran in it too. {@link Outcome.Retry}
   *     with {@link dev.penstock.task.TaskError.Code#LEASE_LOST}: the process died of it
   */
  Outcome run(LeasedTask suspect, TaskHandler.Control control) throws InterruptedException;
}
