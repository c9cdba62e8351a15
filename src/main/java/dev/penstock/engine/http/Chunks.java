package dev.penstock.engine.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.engine.BackendTrouble;
import dev.penstock.json.JsonMappers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Parts of what servers send, read, and parts of requests and answers, made. */
final class Chunks {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Chunks() {}

  /** A member of a request, where it is said. */
  static void put(ObjectNode to, String name, @Nullable Double value) {
    if (value != null) {
      to.put(name, value);
    }
  }

  /** The same of a list. */
  static void put(ObjectNode to, String name, List<String> texts) {
    if (!texts.isEmpty()) {
      ArrayNode all = to.putArray(name);
      texts.forEach(all::add);
    }
  }

  /** An event's object. */
  static JsonNode object(String data) throws BackendTrouble {
    try {
      JsonNode json = JsonMappers.FILES.readTree(data);
      if (json != null && json.isObject()) {
        return json;
      }
    } catch (JsonProcessingException e) {
      // Told below, without what it was.
    }
    throw BackendTrouble.other("it sent what is no part of an answer");
  }

  /** Empty where it is no text. */
  static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : "";
  }

  /** A delta by which a call is new. */
  static ObjectNode call(int index, String id, String name, String arguments) {
    ObjectNode call = NODES.objectNode().put("index", index).put("id", id).put("type", "function");
    call.putObject("function").put("name", name).put("arguments", arguments);
    return call;
  }

  /** A delta by which a call goes on. */
  static ObjectNode more(int index, String arguments) {
    ObjectNode call = NODES.objectNode().put("index", index);
    call.putObject("function").put("arguments", arguments);
    return call;
  }

  static ArrayNode list(JsonNode one) {
    return NODES.arrayNode().add(one);
  }

  /** Chances as OpenAI tells them with chats; null: there are none. */
  static @Nullable ArrayNode logprobs(JsonNode tokens) {
    if (!tokens.isArray() || tokens.isEmpty()) {
      return null;
    }
    ArrayNode all = NODES.arrayNode();
    for (JsonNode token : tokens) {
      ObjectNode one = logprob(token);
      ArrayNode top = one.putArray("top_logprobs");
      token.path("top_logprobs").forEach(other -> top.add(logprob(other)));
      all.add(one);
    }
    return all;
  }

  private static ObjectNode logprob(JsonNode given) {
    ObjectNode one = logprob(text(given.path("token")), given.path("logprob").asDouble());
    if (given.path("bytes").isArray()) {
      one.set("bytes", given.path("bytes"));
    }
    return one;
  }

  private static ObjectNode logprob(String token, double logprob) {
    ObjectNode one = NODES.objectNode().put("token", token).put("logprob", logprob);
    ArrayNode bytes = one.putArray("bytes");
    for (byte each : token.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(each & 0xff);
    }
    return one;
  }

  /** The same of completions, which tell them in columns. */
  static @Nullable ArrayNode columns(JsonNode logprobs) {
    JsonNode tokens = logprobs.path("tokens");
    if (!tokens.isArray() || tokens.isEmpty()) {
      return null;
    }
    ArrayNode all = NODES.arrayNode();
    for (int i = 0; i < tokens.size(); i++) {
      ObjectNode one =
          logprob(text(tokens.get(i)), logprobs.path("token_logprobs").path(i).asDouble());
      ArrayNode top = one.putArray("top_logprobs");
      logprobs
          .path("top_logprobs")
          .path(i)
          .properties()
          .forEach(other -> top.add(logprob(other.getKey(), other.getValue().asDouble())));
      all.add(one);
    }
    return all;
  }
}
