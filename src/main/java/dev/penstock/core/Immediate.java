package dev.penstock.core;

import dev.penstock.task.Outcome;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskSpec;

/**
 * A handler that runs work without a task too, as long as that need not wait for it. The
 * specifications come without their inputs, which have been read.
 */
public interface Immediate extends TaskHandler {

  /** Whether it would begin about now, and not take long. Does not block. */
  boolean free(TaskSpec spec, ReadInput input);

  /**
   * As {@link #run(dev.penstock.task.Task, Control)}.
   *
   * @param begun told when the work itself begins: what came before, such as preparing its input,
   *     counts as waiting
   */
  Outcome run(TaskSpec spec, ReadInput input, Control control, Runnable begun)
      throws InterruptedException;

  /**
   * The same of work whose result is known, so that nothing has to wait for it; {@link
   * Outcome.Postpone} when it is not. Does not wait.
   */
  Outcome known(TaskSpec spec, ReadInput input) throws InterruptedException;
}
