package dev.penstock.core;

/**
 * How long a run may take. Its time passes from the run's start; whoever has the run wait for its
 * turn says so, and the time stands still until some of it is done. Safe for use by several
 * threads.
 */
public interface TimeLimit {
  /** The run waits for its turn: its time stands still. */
  void stand();

  /** Some of the run is being done: its time passes. */
  void pass();

  /** The run waits for no turn any more, whether or not any came: its time passes. */
  void goOn();

  /** What is left of it; 0 or less: nothing. */
  long nanosLeft();
}
