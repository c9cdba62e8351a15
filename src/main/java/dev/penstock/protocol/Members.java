package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.Fields;
import dev.penstock.json.JsonMappers;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What several messages have in them. Requests are read strictly, replies with tolerance. */
final class Members {
  static final int MILLIS = 1_000;
  static final int MAX_NAME = 300;
  static final int MAX_WORD = 100;
  private static final double MOST = 1e15;
  private static final double MOST_SECONDS = 1e11;

  /** Longer ones are cut by what they are put into. */
  private static final int MAX_WORDS = 10_000;

  /** Nodes call themselves {@code node-…}: nobody else may pass for one. */
  private static final Pattern WORKER = Pattern.compile("(?!node-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{1,128}");

  private Members() {}

  static JsonNode tree(byte[] body) throws IOException {
    return JsonMappers.PLAIN.readTree(body);
  }

  static String worker(Fields fields) {
    String name = fields.text("worker", MAX_NAME);
    if (name == null || !WORKER.matcher(name).matches()) {
      throw fields.bad(
          "worker",
          "must be a name of 1 to 64 letters, digits, dots, hyphens and underscores that begins"
              + " with a letter or digit, and not with 'node-'");
    }
    return name;
  }

  static TaskId id(Fields fields) {
    return TaskId.parse(fields.required("id", MAX_WORD))
        .orElseThrow(() -> fields.bad("id", "is not the id of a task"));
  }

  static String token(Fields fields) {
    String text = fields.text("token", MAX_NAME);
    if (text == null || !TOKEN.matcher(text).matches()) {
      throw fields.bad("token", "must be the token of the lease");
    }
    return text;
  }

  /** A text that may be empty, which is as good as absent. */
  static String perhapsEmpty(Fields fields, String name, int maxLength) {
    JsonNode value = fields.value(name);
    boolean empty = value != null && value.isTextual() && value.textValue().isEmpty();
    String text = empty ? null : fields.text(name, maxLength);
    return text == null ? "" : text;
  }

  /** What is not said is not so. */
  static boolean flag(Fields fields, String name) {
    JsonNode value = fields.value(name);
    if (value != null && !value.isBoolean()) {
      throw fields.bad(name, "must be true or false");
    }
    return value != null && value.booleanValue();
  }

  /**
   * Words for people, whatever they came as: a text, or what JSON there is in its place. What they
   * are put into cuts and mends them.
   */
  static String words(@Nullable JsonNode value) {
    if (value == null || value.isNull()) {
      return "";
    }
    String text = value.isTextual() ? value.textValue() : value.toString();
    return text.substring(0, Math.min(text.length(), MAX_WORDS));
  }

  /** A number for people: what is none is 0, and what is out of range is at its end. */
  static long roughly(@Nullable JsonNode value) {
    return value == null || !value.isNumber() ? 0 : (long) Math.clamp(value.doubleValue(), 0, MOST);
  }

  static long count(Fields fields, String name) {
    Double number = fields.number(name, 0, MOST);
    return number == null ? 0 : Math.round(number);
  }

  /** In requests: 1.5 and 1.7E9. Replies have them as {@link StrictJson#writeSeconds} does. */
  static void seconds(JsonGenerator json, String name, long millis) throws IOException {
    json.writeNumberField(name, millis / (double) MILLIS);
  }

  /** A delay that the server takes. */
  static Duration allowed(Duration delay) {
    Duration most = Outcome.Postpone.MOST;
    return delay.isNegative() ? Duration.ZERO : delay.compareTo(most) > 0 ? most : delay;
  }

  /** The value that a parser has come to, byte for byte as the body has it. */
  static byte[] raw(JsonParser parser, byte[] body) throws IOException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    parser.finishToken(); // strings are read when they are asked for
    parser.skipChildren();
    int end = (int) parser.currentLocation().getByteOffset();
    return Arrays.copyOfRange(body, start, end);
  }

  /** A time in a request; null: it is not said. */
  static @Nullable Instant time(Fields fields, String name) {
    Double seconds = fields.number(name, 0, MOST_SECONDS);
    return seconds == null ? null : Instant.ofEpochMilli(Math.round(seconds * MILLIS));
  }

  static Instant time(JsonNode seconds) {
    return Instant.ofEpochMilli(Math.round(seconds.asDouble() * MILLIS));
  }

  static Duration duration(JsonNode seconds) {
    return duration(seconds.asDouble());
  }

  static Duration duration(double seconds) {
    return Duration.ofMillis(Math.round(seconds * MILLIS));
  }
}
