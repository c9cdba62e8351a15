package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** What was said so far, and by what an answer is made. */
final class Conversation {
  private static final String SYSTEM = "system";
  private static final int MAX_FILE = 16 << 20;

  private ArrayNode messages = JsonLines.object().arrayNode();
  private final ModelOptions options;
  private @Nullable String model;

  /**
   * @param model null: the server's default
   */
  Conversation(@Nullable String model, ModelOptions options) {
    this.model = model;
    this.options = options;
    if (options.system() != null) {
      system(options.system());
    }
  }

  @Nullable String model() {
    return model;
  }

  void use(String another) {
    model = another;
  }

  int messages() {
    return messages.size();
  }

  /** What the model is told to be; empty: nothing. */
  void system(String text) {
    if (!messages.isEmpty() && messages.get(0).path("role").asText().equals(SYSTEM)) {
      messages.remove(0);
    }
    if (!text.isEmpty()) {
      messages.insert(0, message(SYSTEM, text));
    }
  }

  void ask(String text) {
    messages.add(message("user", text));
  }

  void answered(String text) {
    messages.add(message("assistant", text));
  }

  /** Takes back the last answer; false: nothing was asked. */
  boolean askAgain() {
    int last = messages.size() - 1;
    if (last >= 0 && messages.get(last).path("role").asText().equals("assistant")) {
      messages.remove(last);
    }
    return !messages.isEmpty()
        && messages.get(messages.size() - 1).path("role").asText().equals("user");
  }

  /** Takes back a question that has no answer. */
  void takeBack() {
    messages.remove(messages.size() - 1);
  }

  /** Forgets all but what the model is told to be. */
  void clear() {
    boolean told = !messages.isEmpty() && messages.get(0).path("role").asText().equals(SYSTEM);
    JsonNode first = told ? messages.get(0) : null;
    messages.removeAll();
    if (first != null) {
      messages.add(first);
    }
  }

  /** The body of a request for the next answer. */
  ObjectNode request() {
    ObjectNode body = JsonLines.object();
    if (model != null) {
      body.put("model", model);
    }
    body.set("messages", messages.deepCopy());
    body.put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    options.putInto(body);
    return body;
  }

  /** Writes it as JSON; a file that is there is replaced once the new one is whole. */
  void save(Path file) throws IOException {
    ObjectNode saved = JsonLines.object();
    if (model != null) {
      saved.put("model", model);
    }
    saved.set("messages", messages);
    Path whole = file.toAbsolutePath();
    Path beside = Files.createTempFile(whole.getParent(), ".penstock-", ".json");
    try {
      Files.write(beside, JsonLines.bytes(saved));
      Files.move(beside, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** Goes on with what {@link #save} wrote. */
  void load(Path file) throws IOException, Failure {
    if (Files.size(file) > MAX_FILE) {
      throw Failure.refused(file + " is longer than 16 MiB");
    }
    JsonNode saved = JsonLines.parse(Files.readAllBytes(file)).orElseGet(JsonLines::object);
    if (!(saved.get("messages") instanceof ArrayNode loaded)) {
      throw Failure.refused(file + " is no saved conversation");
    }
    messages = loaded;
    if (model == null && saved.path("model").isTextual()) {
      model = saved.path("model").asText();
    }
  }

  private static ObjectNode message(String role, String text) {
    return JsonLines.object().put("role", role).put("content", text);
  }
}
