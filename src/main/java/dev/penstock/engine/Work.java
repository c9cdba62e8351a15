package dev.penstock.engine;

import dev.penstock.task.Priority;
import java.util.List;

/**
 * Sequences of token ids that want a vector each, and who gets the vectors.
 *
 * @param owner whose work it is: owners take turns
 * @param sequences none empty; shared, not copied
 */
public record Work(String owner, Priority priority, List<int[]> sequences, Sink sink) {
  public Work {
    if (sequences.isEmpty()) {
      throw new IllegalArgumentException("work without sequences");
    }
  }

  /**
   * Takes the answers: one vector for each sequence, in any order, or one failure after which
   * nothing more comes. Calls come from the model's threads, one at a time; quick, and never
   * throws.
   */
  public interface Sink {
    void vector(int index, float[] vector);

    void failed(Exception cause);
  }
}
