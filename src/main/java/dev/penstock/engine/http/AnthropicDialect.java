package dev.penstock.engine.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.engine.BackendTrouble;
import dev.penstock.engine.GenerationEnd.Reason;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Sampling;
import dev.penstock.engine.GenerationRequest.Tools;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Anthropic's Messages. */
final class AnthropicDialect implements Dialect {
  private static final String VERSION = "2023-06-01";

  /** It has to be said how long an answer may be. */
  private static final int MOST_TOKENS = 4_096;

  @Override
  public String path(GenerationRequest request) {
    return "/messages";
  }

  @Override
  public ObjectNode body(GenerationRequest request, HttpSource source, String model, int context) {
    var unable = new Unable("Anthropic's", request);
    requireWords(request, unable);
    if (!(request.prompt() instanceof Prompt.Chat(ArrayNode messages, Tools tools))) {
      throw unable.refusal("prompt", "has chats only");
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", model);
    body.put("stream", true);
    Integer most = request.mostTokens();
    body.put("max_tokens", most == null ? MOST_TOKENS : most);
    Sampling sampling = request.sampling();
    Chunks.put(body, "temperature", sampling.temperature());
    Chunks.put(body, "top_p", sampling.topP());
    if (sampling.topK() != null && sampling.topK() > 0) {
      body.put("top_k", sampling.topK());
    }
    Chunks.put(body, "stop_sequences", request.stops());
    messages(body, messages, unable);
    tools(body, tools);
    body.setAll(request.passed());
    return body;
  }

  private static void requireWords(GenerationRequest request, Unable unable) {
    Sampling sampling = request.sampling();
    unable.requireOneAnswer();
    unable.requireNoBias();
    unable.require(none(sampling.minP()), "min_p", "does not take it");
    unable.require(none(sampling.presence()), "presence_penalty", "does not take it");
    unable.require(none(sampling.frequency()), "frequency_penalty", "does not take it");
    unable.require(
        sampling.temperature() == null || sampling.temperature() <= 1,
        "temperature",
        "takes at most 1");
    unable.require(request.topLogprobs() == null, "logprobs", "does not tell them");
    unable.require(
        request.format() instanceof Format.Text, "response_format", "has texts only; use a tool");
  }

  private static boolean none(@Nullable Double value) {
    return value == null || value == 0;
  }

  /** What is said to the model stands on top; turns of one side on end are one turn. */
  private static void messages(ObjectNode body, ArrayNode given, Unable unable) {
    var system = new StringBuilder();
    ArrayNode turns = JsonNodeFactory.instance.arrayNode();
    for (JsonNode message : given) {
      String role = message.path("role").asText();
      switch (role) {
        case "system", "developer" ->
            system.append(system.isEmpty() ? "" : "\n\n").append(MessageTexts.text(message));
        case "assistant" -> {
          ArrayNode blocks = turn(turns, "assistant");
          texts(blocks, message, unable);
          message.path("tool_calls").forEach(call -> blocks.add(use(call)));
        }
        case "tool" ->
            turn(turns, "user")
                .addObject()
                .put("type", "tool_result")
                .put("tool_use_id", message.path("tool_call_id").asText())
                .put("content", MessageTexts.text(message));
        default -> texts(turn(turns, "user"), message, unable);
      }
    }
    if (!system.isEmpty()) {
      body.put("system", system.toString());
    }
    body.set("messages", turns);
  }

  private static ArrayNode turn(ArrayNode turns, String role) {
    JsonNode last = turns.path(turns.size() - 1);
    return last.path("content") instanceof ArrayNode content
            && role.equals(last.path("role").asText())
        ? content
        : turns.addObject().put("role", role).putArray("content");
  }

  private static void texts(ArrayNode blocks, JsonNode message, Unable unable) {
    for (MessageTexts.Part part : MessageTexts.parts(message)) {
      unable.require(part.image().isEmpty(), "messages", "is given no images");
      if (!part.text().isEmpty()) {
        blocks.addObject().put("type", "text").put("text", part.text());
      }
    }
  }

  private static ObjectNode use(JsonNode call) {
    ObjectNode use = JsonNodeFactory.instance.objectNode().put("type", "tool_use");
    use.put("id", call.path("id").asText());
    use.put("name", call.path("function").path("name").asText());
    use.set("input", MessageTexts.arguments(call));
    return use;
  }

  private static void tools(ObjectNode body, Tools tools) {
    if (tools.functions().isEmpty()) {
      return;
    }
    ArrayNode all = body.putArray("tools");
    for (JsonNode tool : tools.functions()) {
      JsonNode function = tool.path("function");
      ObjectNode one = all.addObject().put("name", function.path("name").asText());
      if (function.path("description").isTextual()) {
        one.set("description", function.path("description"));
      }
      JsonNode parameters = function.path("parameters");
      if (parameters.isObject()) {
        one.set("input_schema", parameters);
      } else {
        one.putObject("input_schema").put("type", "object");
      }
    }
    ObjectNode choice = body.putObject("tool_choice");
    switch (tools.choice()) {
      case NONE -> choice.put("type", "none");
      case AUTO -> choice.put("type", "auto");
      case REQUIRED -> choice.put("type", "any");
      case NAMED -> choice.put("type", "tool").put("name", tools.name());
    }
    if (!tools.parallel() && tools.choice() != Tools.Choice.NONE) {
      choice.put("disable_parallel_tool_use", true);
    }
  }

  @Override
  public Map<String, String> headers() {
    return Map.of("anthropic-version", VERSION);
  }

  @Override
  public Map.Entry<String, String> key(String key) {
    return Map.entry("x-api-key", key);
  }

  @Override
  public boolean lines() {
    return false;
  }

  @Override
  public Reader reader(GenerationRequest request, Answer answer, String key) {
    return new EventReader(answer, key);
  }

  /** Reads blocks that come in parts. */
  private static final class EventReader implements Reader {
    private final Answer answer;
    private final String key;

    /** The calls' numbers, by their blocks'. */
    private final Map<Integer, Integer> calls = new HashMap<>();

    private int prompt;
    private int cached;

    EventReader(Answer answer, String key) {
      this.answer = answer;
      this.key = key;
    }

    @Override
    public boolean take(String data) throws BackendTrouble {
      JsonNode event = Chunks.object(data);
      int block = event.path("index").asInt();
      switch (event.path("type").asText()) {
        case "message_start" -> usage(event.path("message").path("usage"));
        case "content_block_start" -> start(block, event.path("content_block"));
        case "content_block_delta" -> delta(block, event.path("delta"));
        case "message_delta" -> {
          String reason = Chunks.text(event.path("delta").path("stop_reason"));
          if (!reason.isEmpty()) {
            answer.ended(0, reason(reason));
          }
          usage(event.path("usage"));
        }
        case "message_stop" -> {
          return true;
        }
        case "error" -> throw UpstreamError.of(event, key).midway(answer.toldAnything());
        default -> {} // ping, and what may come yet
      }
      return false;
    }

    private void usage(JsonNode usage) {
      if (usage.path("input_tokens").canConvertToInt()) {
        cached = usage.path("cache_read_input_tokens").asInt();
        prompt =
            usage.path("input_tokens").intValue()
                + cached
                + usage.path("cache_creation_input_tokens").asInt();
      }
      if (usage.path("output_tokens").canConvertToInt()) {
        answer.usage(prompt, cached, usage.path("output_tokens").intValue(), 0);
      }
    }

    private void start(int block, JsonNode content) throws BackendTrouble {
      switch (content.path("type").asText()) {
        case "tool_use" -> {
          int call = calls.size();
          calls.put(block, call);
          String id = Chunks.text(content.path("id"));
          String name = Chunks.text(content.path("name"));
          answer.tell(0, "", "", Chunks.list(Chunks.call(call, id, name, "")), null);
        }
        case "text" -> answer.tell(0, Chunks.text(content.path("text")), "", null, null);
        case "thinking" -> answer.tell(0, "", Chunks.text(content.path("thinking")), null, null);
        default -> {} // thoughts that nobody may read
      }
    }

    private void delta(int block, JsonNode delta) throws BackendTrouble {
      switch (delta.path("type").asText()) {
        case "text_delta" -> answer.tell(0, Chunks.text(delta.path("text")), "", null, null);
        case "thinking_delta" ->
            answer.tell(0, "", Chunks.text(delta.path("thinking")), null, null);
        case "input_json_delta" -> {
          Integer call = calls.get(block);
          String more = Chunks.text(delta.path("partial_json"));
          if (call != null && !more.isEmpty()) {
            answer.tell(0, "", "", Chunks.list(Chunks.more(call, more)), null);
          }
        }
        default -> {} // signatures
      }
    }

    private static Reason reason(String given) {
      return switch (given) {
        case "max_tokens", "model_context_window_exceeded" -> Reason.LENGTH;
        case "tool_use" -> Reason.TOOL_CALLS;
        case "refusal" -> Reason.CONTENT_FILTER;
        default -> Reason.STOP;
      };
    }
  }
}
