package dev.penstock.core;

import dev.penstock.bus.Request.RunNow;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskHandler;

/** A handler that runs work without a task too, as long as that need not wait for it. */
public interface Immediate extends TaskHandler {

  /** Whether it would begin about now, and not take long. Does not block. */
  boolean free(RunNow request);

  /** As {@link #run(dev.penstock.task.Task, Control)}. */
  Outcome run(RunNow request, Control control) throws InterruptedException;

  /**
   * The same of work whose result is known, so that nothing has to wait for it; {@link
   * Outcome.Postpone} when it is not. Does not wait.
   */
  Outcome known(RunNow request) throws InterruptedException;
}
