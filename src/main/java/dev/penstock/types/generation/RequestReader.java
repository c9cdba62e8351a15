package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Sampling;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.types.generation.GenerationInput.Reply;
import dev.penstock.types.generation.GenerationInput.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the bodies of OpenAI's chats and completions. */
final class RequestReader {
  /** What only says how the request is answered, or is said elsewhere in a task. */
  private static final Set<String> HOW =
      Set.of("model", "wait_seconds", "priority", "stream", "stream_options", "object");

  private static final Set<String> BOTH =
      Set.of(
          "max_tokens",
          "max_completion_tokens",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "presence_penalty",
          "frequency_penalty",
          "seed",
          "stop",
          "n",
          "logprobs",
          "logit_bias",
          "response_format",
          "user",
          "metadata",
          "store",
          "service_tier");

  private static final Set<String> CHAT =
      Set.of("messages", "top_logprobs", "tools", "tool_choice", "parallel_tool_calls");

  private static final Set<String> TEXT = Set.of("prompt");

  /** Members that change no answer, or only how fast it comes. */
  private static final Set<String> HARMLESS =
      Set.of(
          "prompt_cache_key",
          "prompt_cache_retention",
          "safety_identifier",
          "prediction",
          "include_obfuscation");

  /** What would have a client choose where a server sends its requests, and as whom. */
  private static final Set<String> NEVER =
      Set.of(
          "api_key",
          "api_base",
          "base_url",
          "api_type",
          "api_version",
          "organization",
          "headers",
          "extra_headers",
          "extra_query",
          "extra_body");

  private static final int MOST_CHOICES = 16;
  private static final int MOST_TOKENS = 100_000_000;
  private static final int MOST_STOPS = 16;
  private static final int LONGEST_STOP = 1_000;
  private static final int MOST_BIASES = 2_048;
  private static final int MOST_LOGPROBS = 20;
  private static final int MOST_TEXT_LOGPROBS = 5;
  private static final int MAX_WORD = 64;
  private static final int ALL = 1_000_000;

  private final Fields body;
  private final Shape shape;

  RequestReader(Fields body, Shape shape) {
    this.body = body;
    this.shape = shape;
  }

  GenerationInput read() {
    Prompt prompt =
        switch (shape) {
          case CHAT -> new Prompt.Chat(MessagesReader.read(body), ToolsReader.read(body));
          case TEXT -> new Prompt.Text(prompt(body));
        };
    Integer choices = body.integer("n", 1, MOST_CHOICES);
    var request =
        new GenerationRequest(
            prompt,
            choices == null ? 1 : choices,
            mostTokens(),
            sampling(),
            stops(),
            format(),
            logprobs(),
            passed());
    return new GenerationInput(shape, request, seed(), reply(), kept());
  }

  /** One text, be it in a list. */
  static String prompt(Fields body) {
    JsonNode given = body.value("prompt");
    if (given == null) {
      throw body.bad("prompt", "is missing");
    }
    JsonNode one = given.isArray() && given.size() == 1 ? given.get(0) : given;
    if (given.isArray() && given.size() > 1 && given.get(0).isTextual()) {
      throw body.bad("prompt", "may have one text only: send one request for each");
    }
    if (!one.isTextual()) {
      throw body.bad("prompt", "must be a string: token ids are not taken");
    }
    if (one.textValue().isEmpty()) {
      throw body.bad("prompt", "must not be empty");
    }
    return one.textValue();
  }

  private @Nullable Integer mostTokens() {
    Integer older = body.integer("max_tokens", 1, MOST_TOKENS);
    Integer newer = body.integer("max_completion_tokens", 1, MOST_TOKENS);
    return newer == null ? older : newer;
  }

  private Sampling sampling() {
    Integer topK = body.integer("top_k", -1, Integer.MAX_VALUE);
    return new Sampling(
        body.number("temperature", 0, 2),
        body.number("top_p", 0, 1),
        topK == null ? null : Integer.valueOf(Math.clamp(topK, 0, ALL)),
        body.number("min_p", 0, 1),
        body.number("presence_penalty", -2, 2),
        body.number("frequency_penalty", -2, 2),
        bias(),
        0);
  }

  private Map<Integer, Double> bias() {
    JsonNode given = body.value("logit_bias");
    if (given == null) {
      return Map.of();
    }
    if (!given.isObject() || given.size() > MOST_BIASES) {
      throw body.bad("logit_bias", "must be an object of at most " + MOST_BIASES + " numbers");
    }
    var biases = new HashMap<Integer, Double>();
    var fields = new Fields(given, body.param("logit_bias") + ".");
    given
        .fieldNames()
        .forEachRemaining(token -> {
          Double bias = fields.number(token, -100, 100);
          if (bias != null) {
            biases.put(token(fields, token), bias);
          }
        });
    return biases;
  }

  private static int token(Fields fields, String name) {
    try {
      int token = Integer.parseInt(name);
      if (token >= 0) {
        return token;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw fields.bad(name, "is no token's id");
  }

  private @Nullable Long seed() {
    JsonNode given = body.value("seed");
    if (given == null) {
      return null;
    }
    if (!given.isNumber() || !given.canConvertToExactIntegral() || !given.canConvertToLong()) {
      throw body.bad("seed", "must be a whole number of 64 bits");
    }
    return given.longValue();
  }

  private List<String> stops() {
    JsonNode given = body.value("stop");
    if (given == null) {
      return List.of();
    }
    if (!given.isTextual() && !given.isArray()) {
      throw body.bad("stop", "must be a string, or a list of strings");
    }
    if (given.size() > MOST_STOPS) {
      throw body.bad("stop", "may have at most " + MOST_STOPS + " strings");
    }
    var stops = new ArrayList<String>();
    for (JsonNode each : given.isArray() ? given : List.of(given)) {
      if (!each.isTextual()
          || each.textValue().isEmpty()
          || Fields.length(each.textValue()) > LONGEST_STOP) {
        throw body.bad("stop", "must have strings of 1 to " + LONGEST_STOP + " characters");
      }
      stops.add(each.textValue());
    }
    return stops;
  }

  private @Nullable Integer logprobs() {
    if (shape == Shape.TEXT) {
      return body.integer("logprobs", 0, MOST_TEXT_LOGPROBS);
    }
    Boolean told = body.flag("logprobs");
    Integer top = body.integer("top_logprobs", 0, MOST_LOGPROBS);
    boolean wanted = Boolean.TRUE.equals(told);
    if (top != null && top > 0 && !wanted) {
      throw body.bad("top_logprobs", "needs 'logprobs' to be true");
    }
    return !wanted ? null : top == null ? Integer.valueOf(0) : top;
  }

  private Format format() {
    JsonNode given = body.value("response_format");
    if (given == null) {
      return new Format.Text();
    }
    if (!given.isObject()) {
      throw body.bad("response_format", "must be an object");
    }
    var fields = new Fields(given, body.param("response_format") + ".");
    return switch (fields.text("type", MAX_WORD)) {
      case "text" -> new Format.Text();
      case "json_object" -> new Format.JsonObject();
      case "json_schema" -> schema(fields);
      case null -> throw fields.bad("type", "is missing");
      default -> throw fields.bad("type", "must be 'text', 'json_object' or 'json_schema'");
    };
  }

  private static Format schema(Fields format) {
    Fields fields = format.inner("json_schema", Set.of("name", "description", "schema", "strict"));
    if (fields == null) {
      throw format.bad("json_schema", "is missing");
    }
    JsonNode schema = fields.value("schema");
    if (!(schema instanceof ObjectNode object)) {
      throw fields.bad("schema", schema == null ? "is missing" : "must be an object");
    }
    String name = fields.text("name", MAX_WORD);
    boolean strict = Boolean.TRUE.equals(fields.flag("strict"));
    return new Format.JsonSchema(name == null ? "answer" : name, object, strict);
  }

  private Reply reply() {
    boolean stream = Boolean.TRUE.equals(body.flag("stream"));
    JsonNode options = body.value("stream_options");
    if (options != null && !options.isObject()) {
      throw body.bad("stream_options", "must be an object");
    }
    boolean usage =
        options != null
            && Boolean.TRUE.equals(
                new Fields(options, body.param("stream_options") + ".").flag("include_usage"));
    JsonNode metadata = body.value("metadata");
    if (metadata != null && !metadata.isObject()) {
      throw body.bad("metadata", "must be an object");
    }
    boolean flex = "flex".equals(body.textIfAny("service_tier", MAX_WORD));
    return new Reply(stream, usage, body.flag("store"), flex);
  }

  /** What nobody here knows, and what it stands at is not what it would be without. */
  private ObjectNode passed() {
    ObjectNode passed = StrictJson.nodes().objectNode();
    body.object()
        .properties()
        .forEach(each -> {
          if (!known(each.getKey()) && !idle(each.getKey(), each.getValue())) {
            passed.set(each.getKey(), each.getValue());
          }
        });
    return passed;
  }

  private boolean known(String name) {
    return HOW.contains(name)
        || BOTH.contains(name)
        || (shape == Shape.CHAT ? CHAT : TEXT).contains(name)
        || HARMLESS.contains(name)
        || NEVER.contains(name);
  }

  /** Whether a member says no more than what is so without it. */
  private static boolean idle(String name, JsonNode value) {
    return value.isNull()
        || switch (name) {
          case "modalities" ->
              value.isArray() && value.size() == 1 && "text".equals(value.get(0).textValue());
          case "best_of" -> value.isNumber() && value.doubleValue() == 1;
          case "echo" -> value.isBoolean() && !value.booleanValue();
          case "suffix" -> value.isTextual() && value.textValue().isEmpty();
          case "functions" -> value.isArray() && value.isEmpty();
          default -> false;
        };
  }

  private ObjectNode kept() {
    ObjectNode kept = StrictJson.nodes().objectNode();
    body.object()
        .properties()
        .forEach(each -> {
          String name = each.getKey();
          if (!each.getValue().isNull()
              && !HOW.contains(name)
              && !HARMLESS.contains(name)
              && !NEVER.contains(name)) {
            kept.set(name, each.getValue());
          }
        });
    return kept;
  }
}
