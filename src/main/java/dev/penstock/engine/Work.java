package dev.penstock.engine;

import dev.penstock.core.TimeLimit;
import dev.penstock.task.Priority;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of token ids that want a vector each, and who gets the vectors.
 *
 * @param owner whose work it is: owners take turns
 * @param sequences none empty; shared, not copied
 * @param limit how long it may take, which stands still while none of it runs; null: nobody counts
 */
public record Work(
    String owner, Priority priority, List<int[]> sequences, Sink sink, @Nullable TimeLimit limit) {

  /** Work that may take as long as it takes. */
  public Work(String owner, Priority priority, List<int[]> sequences, Sink sink) {
    this(owner, priority, sequences, sink, null);
  }

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
