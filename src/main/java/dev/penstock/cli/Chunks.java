package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Tasks in groups that one request takes. Holds one group, however long the input is. */
final class Chunks {
  static final int MAX_TASKS = 1_000;

  /** Well below the body a server takes unless it is told otherwise. */
  private static final int MAX_BYTES = 1 << 20;

  private final Inputs inputs;
  private final UnaryOperator<JsonNode> task;
  private final boolean full;

  /** Read already, and too large for the group before. */
  private @Nullable JsonNode left;

  /**
   * @param task makes a task of an input
   * @param full waits until a group is full; otherwise what comes slowly does not wait for more
   */
  Chunks(Inputs inputs, UnaryOperator<JsonNode> task, boolean full) {
    this.inputs = inputs;
    this.task = task;
    this.full = full;
  }

  /** The next group; empty: there is no more. */
  List<JsonNode> next() throws Failure {
    List<JsonNode> chunk = new ArrayList<>();
    int bytes = 0;
    while (chunk.size() < MAX_TASKS && (full || chunk.isEmpty() || inputs.ready())) {
      JsonNode next = left;
      left = null;
      if (next == null) {
        JsonNode input = inputs.next();
        if (input == null) {
          break;
        }
        next = task.apply(input);
      }
      bytes += JsonLines.bytes(next).length + 1;
      if (!chunk.isEmpty() && bytes > MAX_BYTES) {
        left = next;
        break;
      }
      chunk.add(next);
    }
    return chunk;
  }
}
