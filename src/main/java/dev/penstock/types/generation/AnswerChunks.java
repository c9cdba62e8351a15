package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.StrictJson;
import dev.penstock.types.generation.GenerationInput.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a stream, as OpenAI's clients know them, made of a task's pieces and its result. It
 * knows what it has made, so that the result gives what the pieces did not. For one thread.
 */
public final class AnswerChunks {
  private static final int PRIME = 1_000_003;

  private final Shape shape;
  private final String id;
  private final long created;
  private final String model;
  private final boolean usage;
  private final boolean joined;
  private final Map<Integer, Sent> choices = new TreeMap<>();

  /**
   * @param id of the task
   * @param created in Unix seconds
   * @param usage whether the tokens are told at the end
   * @param joined whether its client has the beginning from elsewhere
   */
  public AnswerChunks(
      Shape shape, String id, long created, String model, boolean usage, boolean joined) {
    this.shape = shape;
    this.id = id;
    this.created = created;
    this.model = model;
    this.usage = usage;
    this.joined = joined;
  }

  /** A text of which no more is known than that another begins with it. */
  private static final class Beginning {
    private int length;
    private long hash;

    void add(String more) {
      for (int i = 0; i < more.length(); i++) {
        hash = PRIME * hash + more.charAt(i);
      }
      length += more.length();
    }

    /** What follows it; null: the whole does not begin so. */
    @Nullable String rest(String whole) {
      if (whole.length() < length) {
        return null;
      }
      var same = new Beginning();
      same.add(whole.substring(0, length));
      return same.hash == hash ? whole.substring(length) : null;
    }
  }

  /** What was made of one answer. */
  private static final class Sent {
    final Beginning content = new Beginning();
    final Beginning reasoning = new Beginning();
    final Map<Integer, Beginning> calls = new TreeMap<>();
    int logprobs;
  }

  /** Whether there was anything to see. */
  public boolean begun() {
    return !choices.isEmpty();
  }

  /** Of a piece that a task has emitted; empty: there is nothing to see in it. */
  public List<String> piece(byte[] json) {
    JsonNode piece = StrictJson.mended(json);
    ArrayNode calls = piece.get("tool_calls") instanceof ArrayNode some ? some : null;
    ArrayNode logprobs = piece.get("logprobs") instanceof ArrayNode some ? some : null;
    return chunks(
        piece.path("choice").asInt(),
        piece.path("content").asText(""),
        piece.path("reasoning").asText(""),
        calls,
        logprobs);
  }

  private List<String> chunks(
      int choice,
      String content,
      String reasoning,
      @Nullable ArrayNode calls,
      @Nullable ArrayNode logprobs) {
    boolean thinks = shape == Shape.CHAT && !reasoning.isEmpty();
    boolean asks = shape == Shape.CHAT && calls != null && !calls.isEmpty();
    if (content.isEmpty() && !thinks && !asks && logprobs == null) {
      return List.of();
    }
    var chunks = new ArrayList<String>();
    Sent sent = begin(choice, chunks);
    sent.content.add(content);
    if (thinks) {
      sent.reasoning.add(reasoning);
    }
    if (calls != null) {
      for (JsonNode call : calls) {
        sent.calls
            .computeIfAbsent(call.path("index").asInt(), _ -> new Beginning())
            .add(call.path("function").path("arguments").asText(""));
      }
    }
    ObjectNode delta = StrictJson.nodes().objectNode();
    if (!content.isEmpty() || (!thinks && !asks)) {
      delta.put("content", content);
    }
    if (thinks) {
      delta.put("reasoning_content", reasoning);
    }
    if (asks) {
      delta.set("tool_calls", calls);
    }
    int offset = sent.content.length - content.length();
    chunks.add(chunk(choice, delta, logprobs, offset, null));
    sent.logprobs += logprobs == null ? 0 : logprobs.size();
    return chunks;
  }

  /** The first word of a chat says whose it is. */
  private Sent begin(int choice, List<String> chunks) {
    Sent known = choices.get(choice);
    if (known != null) {
      return known;
    }
    var sent = new Sent();
    choices.put(choice, sent);
    if (shape == Shape.CHAT && !joined) {
      ObjectNode delta = StrictJson.nodes().objectNode();
      chunks.add(chunk(choice, delta.put("role", "assistant").put("content", ""), null, 0, null));
    }
    return sent;
  }

  /**
   * What the whole result has beyond what was made; null: that is not its beginning.
   *
   * @param result not one of which the client has the beginning from elsewhere
   */
  public @Nullable List<String> rest(JsonNode result) {
    var rest = new ArrayList<String>();
    for (JsonNode choice : result.path("choices")) {
      int index = choice.path("index").asInt();
      Sent sent = choices.getOrDefault(index, new Sent());
      JsonNode message = choice.path("message");
      String whole = choice.path("text").asText(message.path("content").asText(""));
      String content = sent.content.rest(whole);
      String reasoning = sent.reasoning.rest(message.path("reasoning_content").asText(""));
      ArrayNode calls = calls(message.path("tool_calls"), sent);
      if (content == null || reasoning == null || calls == null) {
        return null;
      }
      ArrayNode logprobs = null;
      JsonNode told = choice.path("logprobs").path("content");
      if (told.size() > sent.logprobs) {
        logprobs = StrictJson.nodes().arrayNode();
        for (int i = sent.logprobs; i < told.size(); i++) {
          logprobs.add(told.get(i));
        }
      }
      rest.addAll(chunks(index, content, reasoning, calls, logprobs));
    }
    return rest;
  }

  private static @Nullable ArrayNode calls(JsonNode whole, Sent sent) {
    ArrayNode deltas = StrictJson.nodes().arrayNode();
    for (int i = 0; i < whole.size(); i++) {
      Beginning known = sent.calls.get(i);
      String arguments = whole.get(i).path("function").path("arguments").asText("");
      String more = known == null ? arguments : known.rest(arguments);
      if (more == null) {
        return null;
      }
      if (known == null) {
        ObjectNode delta = whole.get(i).deepCopy();
        deltas.add(delta.put("index", i));
      } else if (!more.isEmpty()) {
        deltas.addObject().put("index", i).putObject("function").put("arguments", more);
      }
    }
    return deltas;
  }

  /** How each answer has ended, and the tokens where they are wanted. */
  public List<String> end(JsonNode result) {
    var chunks = new ArrayList<String>();
    for (JsonNode choice : result.path("choices")) {
      int index = choice.path("index").asInt();
      Sent sent = begin(index, chunks);
      chunks.add(
          chunk(
              index,
              StrictJson.nodes().objectNode(),
              null,
              sent.content.length,
              choice.path("finish_reason").asText()));
    }
    if (usage) {
      chunks.add(
          text(
              head()
                  .<ObjectNode>set("choices", StrictJson.nodes().arrayNode())
                  .set("usage", result.path("usage"))));
    }
    return chunks;
  }

  private ObjectNode head() {
    return StrictJson.nodes()
        .objectNode()
        .put("id", id)
        .put("object", shape == Shape.CHAT ? "chat.completion.chunk" : shape.object())
        .put("created", created)
        .put("model", model);
  }

  private String chunk(
      int choice,
      ObjectNode delta,
      @Nullable ArrayNode logprobs,
      int offset,
      @Nullable String finish) {
    return new String(
        StrictJson.object(json -> {
          for (var member : head().properties()) {
            json.writeObjectField(member.getKey(), member.getValue());
          }
          json.writeArrayFieldStart("choices");
          json.writeStartObject();
          json.writeNumberField("index", choice);
          if (shape == Shape.CHAT) {
            json.writeFieldName("delta");
            json.writeTree(delta);
            json.writeFieldName("logprobs");
            Completion.writeLogprobs(json, logprobs);
          } else {
            json.writeStringField("text", delta.path("content").asText(""));
            json.writeFieldName("logprobs");
            Completion.writeTextLogprobs(json, logprobs, offset);
          }
          json.writeStringField("finish_reason", finish);
          json.writeEndObject();
          json.writeEndArray();
          if (usage) {
            json.writeNullField("usage");
          }
        }),
        StandardCharsets.UTF_8);
  }

  private static String text(JsonNode value) {
    return new String(StrictJson.write(json -> json.writeTree(value)), StandardCharsets.UTF_8);
  }
}
