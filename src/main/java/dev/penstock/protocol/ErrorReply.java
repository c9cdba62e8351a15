package dev.penstock.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/** Why the server refused a message; what it does not say is empty. */
public record ErrorReply(String code, String param, String message) {
  public static ErrorReply read(byte[] body) throws IOException {
    JsonNode error = Members.tree(body).path("error");
    return new ErrorReply(
        error.path("code").asText(), error.path("param").asText(), error.path("message").asText());
  }
}
