package dev.penstock.engine.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.BackendTrouble;
import dev.penstock.json.JsonMappers;
import dev.penstock.task.TaskError;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a server says is wrong.
 *
 * @param words made safe to show, and cut; empty: none
 * @param codes its code and its type; empty ones: it has none
 */
record UpstreamError(String words, List<String> codes) {
  static final UpstreamError NONE = new UpstreamError("", List.of());

  private static final int LONGEST = 500;
  private static final Set<String> TOO_LONG =
      Set.of("context_length_exceeded", "exceed_context_size_error");
  private static final Set<String> INVALID = Set.of("invalid_request_error", "400", "422");
  private static final Set<String> OVERLOADED =
      Set.of("overloaded_error", "rate_limit_error", "rate_limit_exceeded", "429");
  private static final Pattern TOO_LONG_WORDS =
      Pattern.compile("(?i)maximum context length|context (length|size|window)|prompt is too long");
  private static final Duration PAUSE = Duration.ofSeconds(5);

  /** That of a reply's body; nothing where it is no JSON: a page of HTML is no help. */
  static UpstreamError ofBody(String body, String key) {
    try {
      JsonNode json = JsonMappers.FILES.readTree(body);
      return json != null && json.isObject() ? of(json, key) : NONE;
    } catch (JsonProcessingException e) {
      return NONE;
    }
  }

  /** Of an object that may have {@code error}, {@code message} or {@code detail}. */
  static UpstreamError of(JsonNode json, String key) {
    JsonNode error = json.path("error");
    JsonNode inner = error.isObject() ? error : json;
    String words = "";
    for (JsonNode each : new JsonNode[] {inner.path("message"), error, json.path("detail")}) {
      if (words.isEmpty() && !each.isMissingNode() && !each.isNull()) {
        words = each.isTextual() ? each.textValue() : each.isArray() ? each.toString() : "";
      }
    }
    List<String> codes = List.of(text(inner.path("code")), text(inner.path("type")));
    return new UpstreamError(clean(words, key), codes);
  }

  private static String text(JsonNode value) {
    return value.isValueNode() && !value.isNull() ? value.asText() : "";
  }

  private static String clean(String words, String key) {
    String safe = key.length() < 4 ? words : words.replace(key, "…");
    String cut = safe.length() <= LONGEST ? safe : safe.substring(0, LONGEST) + "…";
    return Visible.text(cut.strip());
  }

  private boolean is(Set<String> known) {
    return codes.stream().anyMatch(known::contains);
  }

  boolean tooLong() {
    return is(TOO_LONG) || TOO_LONG_WORDS.matcher(words).find();
  }

  /** What whoever asked is told. */
  InvalidInput invalid(int status) {
    String text = words.isEmpty() ? "the model's server refuses this: it answers " + status : words;
    return tooLong()
        ? new InvalidInput(TaskError.Code.CONTEXT_LENGTH_EXCEEDED, text)
        : new InvalidInput(text);
  }

  /**
   * What an error is that came in place of more of an answer.
   *
   * @param begun whether something of it has come
   */
  BackendTrouble midway(boolean begun) {
    if (!begun && (tooLong() || is(INVALID))) {
      throw invalid(400);
    }
    String message = said("it broke off with an error");
    return !begun && is(OVERLOADED)
        ? BackendTrouble.busy(message, PAUSE)
        : BackendTrouble.away(message);
  }

  /** Our words, and the server's. */
  String said(String ours) {
    return words.isEmpty() ? ours : ours + ": " + words;
  }

  /** The object that an event is where it tells an error; null: it does not. */
  static @Nullable UpstreamError midway(JsonNode event, String key) {
    JsonNode error = event.path("error");
    boolean told = !error.isMissingNode() && !error.isNull();
    boolean older = "error".equals(event.path("object").asText());
    return told || older ? of(event, key) : null;
  }
}
