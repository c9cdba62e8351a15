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

  /** Why the input ends behind the group before. */
  private @Nullable Failure broken;

  /**
   * @param task makes a task of an input
   * @param full waits until a group is full, and gives up what came before a broken input;
   *     otherwise what comes slowly does not wait for more, and what came is a group
   */
  Chunks(Inputs inputs, UnaryOperator<JsonNode> task, boolean full) {
    this.inputs = inputs;
    this.task = task;
    this.full = full;
  }

  /** The next group; empty: there is no more. What cannot be read fails behind the last group. */
  List<JsonNode> next() throws Failure {
    if (broken != null) {
      throw broken;
    }
    List<JsonNode> chunk = new ArrayList<>();
    try {
      fill(chunk);
    } catch (Failure e) {
      if (full || chunk.isEmpty()) {
        throw e;
      }
      broken = e;
    }
    return chunk;
  }

  private void fill(List<JsonNode> chunk) throws Failure {
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
  }
}
