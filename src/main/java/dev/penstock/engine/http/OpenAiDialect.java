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
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** OpenAI's chats and completions, always streamed. */
final class OpenAiDialect implements Dialect {
  private static final String DONE = "[DONE]";

  /** Seeds of more bits are none to some servers. */
  static final int SEED = Integer.MAX_VALUE;

  @Override
  public String path(GenerationRequest request) {
    return request.prompt() instanceof Prompt.Chat ? "/chat/completions" : "/completions";
  }

  @Override
  public ObjectNode body(GenerationRequest request, HttpSource source, String model, int context) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", model);
    body.put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    switch (request.prompt()) {
      case Prompt.Chat(ArrayNode messages, Tools tools) -> {
        body.set("messages", messages);
        tools(body, tools);
        if (request.topLogprobs() != null) {
          body.put("logprobs", true).put("top_logprobs", request.topLogprobs());
        }
      }
      case Prompt.Text(String text) -> {
        body.put("prompt", text);
        if (request.topLogprobs() != null) {
          body.put("logprobs", request.topLogprobs());
        }
      }
    }
    if (request.choices() > 1) {
      body.put("n", request.choices());
    }
    if (request.mostTokens() != null) {
      body.put(mostTokens(request, source), request.mostTokens());
    }
    sampling(body, request.sampling());
    Chunks.put(body, "stop", request.stops());
    format(body, request.format());
    body.setAll(request.passed());
    return body;
  }

  /** OpenAI's newer models know only one of the two names, most other servers the other. */
  private static String mostTokens(GenerationRequest request, HttpSource source) {
    String host = source.host().toLowerCase(Locale.ROOT);
    boolean newer = host.endsWith(".openai.com") || host.endsWith(".openai.azure.com");
    return newer && request.prompt() instanceof Prompt.Chat
        ? "max_completion_tokens"
        : "max_tokens";
  }

  private static void sampling(ObjectNode body, Sampling sampling) {
    Chunks.put(body, "temperature", sampling.temperature());
    Chunks.put(body, "top_p", sampling.topP());
    if (sampling.topK() != null) {
      body.put("top_k", sampling.topK());
    }
    Chunks.put(body, "min_p", sampling.minP());
    Chunks.put(body, "presence_penalty", sampling.presence());
    Chunks.put(body, "frequency_penalty", sampling.frequency());
    if (!sampling.bias().isEmpty()) {
      ObjectNode bias = body.putObject("logit_bias");
      sampling.bias().forEach((token, value) -> bias.put(String.valueOf(token), value));
    }
    body.put("seed", sampling.seed() & SEED);
  }

  private static void tools(ObjectNode body, Tools tools) {
    if (tools.functions().isEmpty()) {
      return;
    }
    body.set("tools", tools.functions());
    switch (tools.choice()) {
      case NONE -> body.put("tool_choice", "none");
      case AUTO -> body.put("tool_choice", "auto");
      case REQUIRED -> body.put("tool_choice", "required");
      case NAMED ->
          body.putObject("tool_choice")
              .put("type", "function")
              .putObject("function")
              .put("name", tools.name());
    }
    if (!tools.parallel()) {
      body.put("parallel_tool_calls", false);
    }
  }

  private static void format(ObjectNode body, Format format) {
    switch (format) {
      case Format.Text() -> {}
      case Format.JsonObject() -> body.putObject("response_format").put("type", "json_object");
      case Format.JsonSchema(String name, ObjectNode schema, boolean strict) -> {
        ObjectNode given = body.putObject("response_format").put("type", "json_schema");
        given
            .putObject("json_schema")
            .put("name", name)
            .put("strict", strict)
            .set("schema", schema);
      }
    }
  }

  @Override
  public Map.Entry<String, String> key(String key) {
    return Map.entry("Authorization", "Bearer " + key);
  }

  @Override
  public boolean lines() {
    return false;
  }

  @Override
  public Reader reader(GenerationRequest request, Answer answer, String key) {
    return new ChunkReader(request.choices(), answer, key);
  }

  /** Reads chunks. */
  private static final class ChunkReader implements Reader {
    private final Answer answer;
    private final String key;

    /** Of each choice, the number of its newest call: some servers leave it out. */
    private final int[] newest;

    ChunkReader(int choices, Answer answer, String key) {
      this.answer = answer;
      this.key = key;
      newest = new int[choices];
      Arrays.fill(newest, -1);
    }

    @Override
    public boolean take(String data) throws BackendTrouble {
      if (data.strip().equals(DONE)) {
        return true;
      }
      JsonNode chunk = Chunks.object(data);
      UpstreamError error = UpstreamError.midway(chunk, key);
      if (error != null) {
        throw error.midway(answer.toldAnything());
      }
      for (JsonNode choice : chunk.path("choices")) {
        choice(choice);
      }
      JsonNode usage = chunk.path("usage");
      if (usage.isObject()) {
        answer.usage(
            usage.path("prompt_tokens").asInt(),
            usage.path("prompt_tokens_details").path("cached_tokens").asInt(),
            usage.path("completion_tokens").asInt(),
            usage.path("completion_tokens_details").path("reasoning_tokens").asInt());
      }
      return false;
    }

    private void choice(JsonNode choice) throws BackendTrouble {
      int index = choice.path("index").asInt();
      JsonNode delta = choice.path("delta");
      String content = Chunks.text(delta.path("content")) + Chunks.text(delta.path("refusal"));
      String reasoning = Chunks.text(delta.path("reasoning_content"));
      JsonNode logprobs = choice.path("logprobs");
      ArrayNode chances = Chunks.logprobs(logprobs.path("content"));
      answer.tell(
          index,
          content.isEmpty() ? Chunks.text(choice.path("text")) : content,
          reasoning.isEmpty() ? Chunks.text(delta.path("reasoning")) : reasoning,
          delta.path("tool_calls").isArray() ? calls(index, delta.path("tool_calls")) : null,
          chances == null ? Chunks.columns(logprobs) : chances);
      String reason = Chunks.text(choice.path("finish_reason"));
      if (!reason.isEmpty()) {
        answer.ended(index, reason(reason));
      }
    }

    private ArrayNode calls(int choice, JsonNode given) {
      ArrayNode calls = JsonNodeFactory.instance.arrayNode();
      if (choice < 0 || choice >= newest.length) {
        return calls;
      }
      for (JsonNode call : given) {
        String id = Chunks.text(call.path("id"));
        String name = Chunks.text(call.path("function").path("name"));
        String arguments = Chunks.text(call.path("function").path("arguments"));
        boolean fresh = !name.isEmpty() && !id.isEmpty();
        int index =
            call.path("index").canConvertToInt()
                ? call.path("index").intValue()
                : Math.max(0, newest[choice] + (fresh ? 1 : 0));
        boolean known = index <= newest[choice];
        newest[choice] = Math.max(newest[choice], index);
        calls.add(
            known || name.isEmpty()
                ? Chunks.more(index, arguments)
                : Chunks.call(index, id.isEmpty() ? "call_" + index : id, name, arguments));
      }
      return calls;
    }

    private static Reason reason(String given) {
      return switch (given) {
        case "length", "max_tokens" -> Reason.LENGTH;
        case "tool_calls", "function_call" -> Reason.TOOL_CALLS;
        case "content_filter" -> Reason.CONTENT_FILTER;
        default -> Reason.STOP;
      };
    }
  }
}
