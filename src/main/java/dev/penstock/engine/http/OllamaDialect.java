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
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Ollama's own protocol: a value a line. */
final class OllamaDialect implements Dialect {
  /**
   * Where nobody says what the model has: Ollama itself would take less, and cut without a word.
   */
  private static final int CONTEXT = 8_192;

  @Override
  public String path(GenerationRequest request) {
    return request.prompt() instanceof Prompt.Chat ? "/api/chat" : "/api/generate";
  }

  @Override
  public ObjectNode body(GenerationRequest request, HttpSource source, String model, int context) {
    var unable = new Unable("Ollama", request);
    unable.requireOneAnswer();
    unable.requireNoBias();
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", model);
    body.put("stream", true);
    switch (request.prompt()) {
      case Prompt.Chat(ArrayNode messages, Tools tools) -> {
        messages(body.putArray("messages"), messages, unable);
        tools(body, tools, unable);
      }
      case Prompt.Text(String text) -> body.put("prompt", text).put("raw", true);
    }
    switch (request.format()) {
      case Format.Text() -> {}
      case Format.JsonObject() -> body.put("format", "json");
      case Format.JsonSchema(_, ObjectNode schema, _) -> body.set("format", schema);
    }
    options(body.putObject("options"), request, context == 0 ? CONTEXT : context);
    // A prompt that does not fit is an error, and an answer ends where the context does.
    body.put("truncate", false).put("shift", false);
    if (request.topLogprobs() != null) {
      body.put("logprobs", true).put("top_logprobs", request.topLogprobs());
    }
    if (!source.keepAlive().isEmpty()) {
      boolean number = source.keepAlive().matches("-?\\d+");
      if (number) {
        body.put("keep_alive", Integer.parseInt(source.keepAlive()));
      } else {
        body.put("keep_alive", source.keepAlive());
      }
    }
    body.setAll(request.passed());
    return body;
  }

  private static void options(ObjectNode options, GenerationRequest request, int context) {
    Sampling sampling = request.sampling();
    options.put("num_ctx", context).put("seed", sampling.seed() & OpenAiDialect.SEED);
    if (request.mostTokens() != null) {
      options.put("num_predict", request.mostTokens());
    }
    Chunks.put(options, "temperature", sampling.temperature());
    Chunks.put(options, "top_p", sampling.topP());
    if (sampling.topK() != null) {
      options.put("top_k", sampling.topK());
    }
    Chunks.put(options, "min_p", sampling.minP());
    Chunks.put(options, "presence_penalty", sampling.presence());
    Chunks.put(options, "frequency_penalty", sampling.frequency());
    Chunks.put(options, "stop", request.stops());
  }

  private static void tools(ObjectNode body, Tools tools, Unable unable) {
    if (tools.functions().isEmpty() || tools.choice() == Tools.Choice.NONE) {
      return;
    }
    unable.require(
        tools.choice() == Tools.Choice.AUTO, "tool_choice", "cannot be made to call a tool");
    unable.require(tools.parallel(), "parallel_tool_calls", "cannot be kept to one call");
    body.set("tools", tools.functions());
  }

  private static void messages(ArrayNode to, ArrayNode given, Unable unable) {
    Map<String, String> names = new HashMap<>();
    for (JsonNode message : given) {
      String role = message.path("role").asText();
      ObjectNode one = to.addObject().put("role", role.equals("developer") ? "system" : role);
      one.put("content", MessageTexts.text(message));
      for (MessageTexts.Part part : MessageTexts.parts(message)) {
        if (!part.image().isEmpty()) {
          one.withArray("images").add(image(part.image(), unable));
        }
      }
      String reasoning = Chunks.text(message.path("reasoning_content"));
      if (!reasoning.isEmpty()) {
        one.put("thinking", reasoning);
      }
      for (JsonNode call : message.path("tool_calls")) {
        String name = call.path("function").path("name").asText();
        names.put(call.path("id").asText(), name);
        ObjectNode function = one.withArray("tool_calls").addObject().putObject("function");
        function.put("name", name).set("arguments", MessageTexts.arguments(call));
      }
      String answers = names.get(message.path("tool_call_id").asText());
      if (role.equals("tool") && answers != null) {
        one.put("tool_name", answers);
      }
    }
  }

  /** The bytes of an image that is in its address. */
  private static String image(String address, Unable unable) {
    int comma = address.indexOf(";base64,");
    unable.require(
        address.startsWith("data:") && comma > 0, "messages", "takes images as data: addresses");
    return address.substring(comma + ";base64,".length());
  }

  @Override
  public Map.Entry<String, String> key(String key) {
    return Map.entry("Authorization", "Bearer " + key);
  }

  @Override
  public boolean lines() {
    return true;
  }

  @Override
  public Reader reader(GenerationRequest request, Answer answer, String key) {
    return new LineReader(answer, key);
  }

  /** Reads lines, of which the last says that it is. */
  private static final class LineReader implements Reader {
    private final Answer answer;
    private final String key;
    private int calls;

    LineReader(Answer answer, String key) {
      this.answer = answer;
      this.key = key;
    }

    @Override
    public boolean take(String data) throws BackendTrouble {
      JsonNode line = Chunks.object(data);
      UpstreamError error = UpstreamError.midway(line, key);
      if (error != null) {
        throw error.midway(answer.toldAnything());
      }
      JsonNode message = line.path("message");
      String thinking = Chunks.text(message.path("thinking"));
      answer.tell(
          0,
          Chunks.text(message.path("content")) + Chunks.text(line.path("response")),
          thinking.isEmpty() ? Chunks.text(line.path("thinking")) : thinking,
          calls(message.path("tool_calls")),
          Chunks.logprobs(line.path("logprobs")));
      if (!line.path("done").asBoolean()) {
        return false;
      }
      boolean length = "length".equals(line.path("done_reason").asText());
      answer.ended(0, length ? Reason.LENGTH : Reason.STOP);
      if (line.path("eval_count").canConvertToInt()) {
        answer.usage(
            line.path("prompt_eval_count").asInt(), 0, line.path("eval_count").intValue(), 0);
      }
      return true;
    }

    private @Nullable ArrayNode calls(JsonNode given) {
      if (!given.isArray() || given.isEmpty()) {
        return null;
      }
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      for (JsonNode call : given) {
        String id = Chunks.text(call.path("id"));
        JsonNode arguments = call.path("function").path("arguments");
        all.add(
            Chunks.call(
                calls++,
                id.isEmpty() ? "call_" + UUID.randomUUID().toString().replace("-", "") : id,
                Chunks.text(call.path("function").path("name")),
                arguments.isObject() ? arguments.toString() : "{}"));
      }
      return all;
    }
  }
}
