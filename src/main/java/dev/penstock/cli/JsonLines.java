package dev.penstock.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/** JSON on one line. Numbers come out as they came in: times keep their digits. */
final class JsonLines {
  private JsonLines() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** Empty when the text is no JSON, or more than one value. */
  static Optional<JsonNode> parse(String text) {
    try {
      return Optional.of(JsonMappers.EXACT.readTree(text)).filter(node -> !node.isMissingNode());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Empty when the bytes are no JSON. */
  static Optional<JsonNode> parse(byte[] bytes) {
    try {
      return Optional.of(JsonMappers.EXACT.readTree(bytes)).filter(node -> !node.isMissingNode());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  static String line(JsonNode node) {
    try {
      return JsonMappers.EXACT.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // a tree is always writable
    }
  }

  static byte[] bytes(JsonNode node) {
    try {
      return JsonMappers.EXACT.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // a tree is always writable
    }
  }
}
