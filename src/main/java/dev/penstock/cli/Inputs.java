package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The inputs of tasks to be, one after the other. */
sealed interface Inputs {

  /** The next input, which may be waited for; null after the last one. */
  @Nullable JsonNode next() throws Failure;

  /** Whether the next one is there without waiting; false at the end, which needs none. */
  boolean ready() throws Failure;

  /** Inputs that are all there. */
  record Given(Iterator<JsonNode> inputs) implements Inputs {
    static Given of(List<JsonNode> inputs) {
      return new Given(inputs.iterator());
    }

    @Override
    public @Nullable JsonNode next() {
      return inputs.hasNext() ? inputs.next() : null;
    }

    @Override
    public boolean ready() {
      return inputs.hasNext();
    }
  }

  /** Each line an input; blank lines are none. */
  record Lines(LineReader lines, boolean json) implements Inputs {

    @Override
    public @Nullable JsonNode next() throws Failure {
      String line = lines.next();
      while (line != null && line.isBlank()) {
        line = lines.next();
      }
      return line == null ? null : read(line, json, lines.at());
    }

    @Override
    public boolean ready() throws Failure {
      return lines.ready();
    }
  }

  /**
   * An input as JSON: a text becomes a string.
   *
   * @param where the text came from, for a message
   */
  static JsonNode read(String text, boolean json, String where) throws Failure {
    return json
        ? JsonLines.parse(text).orElseThrow(() -> Failure.refused(where + " is not valid JSON"))
        : TextNode.valueOf(text);
  }
}
