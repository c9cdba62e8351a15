package dev.penstock.engine.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.BackendTrouble;
import dev.penstock.engine.GenerationRequest;
import java.util.Map;

/** A protocol of servers that make texts. */
interface Dialect {
  /** Where a request goes, behind the server's address. */
  String path(GenerationRequest request);

  /**
   * The request in the protocol's words.
   *
   * @param model what the server calls the model
   * @param context the most tokens of prompt and answer; 0: unknown
   * @throws InvalidInput what the protocol has no words for
   */
  ObjectNode body(GenerationRequest request, HttpSource source, String model, int context);

  /** What the protocol wants to be said in the head. */
  default Map<String, String> headers() {
    return Map.of();
  }

  /** The header by which a key is shown. */
  Map.Entry<String, String> key(String key);

  /** Whether each line is one value; else they are events. */
  boolean lines();

  /**
   * Reads an answer.
   *
   * @param key what is not to be told of an error
   */
  Reader reader(GenerationRequest request, Answer answer, String key);

  /** Makes an answer of what comes. */
  @FunctionalInterface
  interface Reader {
    /**
     * Takes one event.
     *
     * @return whether it was the last
     */
    boolean take(String data) throws BackendTrouble;
  }
}
