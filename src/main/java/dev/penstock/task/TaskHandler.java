package dev.penstock.task;

/**
 * Runs tasks of one type. One instance serves many tasks at once, each {@link #run} on a virtual
 * thread of its own: blocking is fine, holding the thread in a long native call is not.
 */
public interface TaskHandler {

  /** The task type: a word without dots. */
  String type();

  /** JSON Schema (2020-12) of the input; a submit that breaks it is refused. */
  String inputSchema();

  /** JSON Schema (2020-12) of the result. */
  String outputSchema();

  /**
   * Runs the task. It is interrupted when the task is cancelled, has run past its time limit or has
   * lost its lease; what it returns after that is thrown away. An exception counts as a failed
   * attempt.
   */
  Outcome run(Task task, Control control) throws InterruptedException;

  /** What a running handler may say and ask. */
  interface Control {

    /** Tells how far the task is. Cheap: only the newest report of each half second is kept. */
    void progress(Progress progress);
  }
}
