package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;

/** The server's reply: 2xx, or a 4xx that asking again does not change. */
record Answer(int status, JsonNode body) {
  static final int NOT_FOUND = 404;
  private static final int REFUSED = 400;

  boolean good() {
    return status < REFUSED;
  }

  /** The body of a reply that must be good. */
  JsonNode orFail() throws Failure {
    if (!good()) {
      throw Failure.refused(message());
    }
    return body;
  }

  /** What the server says is wrong. */
  String message() {
    return message(status, body);
  }

  static String message(int status, JsonNode body) {
    String text = body.at("/error/message").asText();
    return text.isEmpty()
        ? "the server answered %d without a reason; is it Penstock?".formatted(status)
        : "the server says (%d): %s".formatted(status, Visible.text(text));
  }
}
