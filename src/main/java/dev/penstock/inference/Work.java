package dev.penstock.inference;

import dev.penstock.task.Priority;
import java.util.List;

/**
 * Sequences of token ids that want a vector each, and who gets the vectors.
 *
 * @param owner whose work it is: owners take turns
 * @param sequences none empty; shared, not copied
 */
record Work(String owner, Priority priority, List<int[]> sequences, Sink sink) {
  Work {
    if (sequences.isEmpty()) {
      throw new IllegalArgumentException("work without sequences");
    }
  }

  /**
   * Takes the answers: one vector for each sequence, in any order, or one failure after which
   * nothing more comes. Calls come from the model's threads, one at a time; quick, and never
   * throws.
   */
  interface Sink {
    void vector(int index, float[] vector);

    void failed(Exception cause);
  }

  /** The model's threads have been stopped: nothing is wrong with the work. */
  static final class Stopped extends Exception {
    private static final long serialVersionUID = 1L;

    Stopped() {
      super("stopping");
    }
  }
}
