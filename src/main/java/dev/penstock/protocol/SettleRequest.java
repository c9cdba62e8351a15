package dev.penstock.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How a run ended, and the reply to it. */
public final class SettleRequest {
  private static final Set<String> SETTLE =
      Stream.concat(
              Stream.of(
                  "worker",
                  "id",
                  "token",
                  "outcome",
                  "result",
                  "error",
                  "delay_seconds",
                  "begun",
                  "checkpoint",
                  "read",
                  "pieces"),
              AwaitMembers.NAMES.stream())
          .collect(Collectors.toUnmodifiableSet());
  private static final int MAX_READ = 65_536;
  private static final double MAX_DELAY = Outcome.Postpone.MOST.toSeconds();

  private SettleRequest() {}

  /** Writes results: each task type knows its own. */
  @FunctionalInterface
  public interface ResultWriter {
    void write(JsonGenerator json, Lane lane, TaskOutput output) throws IOException;
  }

  /** Reads and checks results: each task type knows its own. */
  @FunctionalInterface
  public interface ResultReader {
    /**
     * A task's result.
     *
     * @param result as it was sent; empty: there is none
     */
    TaskOutput read(Fields request, byte[] result, TaskId id) throws InterruptedException;
  }

  /** Of a run that emitted nothing. */
  public static byte[] write(String worker, SettleTask request, ResultWriter results) {
    return write(worker, request, 0, results);
  }

  /**
   * Writes it.
   *
   * @param pieces how many pieces the result has
   */
  public static byte[] write(String worker, SettleTask request, long pieces, ResultWriter results) {
    return StrictJson.object(json -> {
      json.writeStringField("worker", worker);
      json.writeStringField("id", request.id().value());
      json.writeStringField("token", request.token());
      switch (request.outcome()) {
        case Outcome.Done(var output) -> {
          json.writeStringField("outcome", "done");
          json.writeFieldName("result");
          results.write(json, Objects.requireNonNull(request.lane()), output);
        }
        case Outcome.Await await -> {
          json.writeStringField("outcome", "await");
          AwaitMembers.write(json, await);
        }
        case Outcome.Retry(var error) -> write(json, "retry", error);
        case Outcome.Reject(var error) -> write(json, "reject", error);
        case Outcome.Postpone(var delay) -> {
          json.writeStringField("outcome", "postpone");
          Members.seconds(json, "delay_seconds", Members.allowed(delay).toMillis());
          if (request.begun()) {
            json.writeBooleanField("begun", true);
          }
        }
      }
      LeftMembers.write(json, request.checkpoint());
      if (pieces > 0) {
        json.writeNumberField("pieces", pieces);
      }
    });
  }

  /** Of a run whose process died of it, for a server that offers {@link Offer#APART}. */
  public static byte[] writeDied(String worker, SettleTask request, TaskError why) {
    return StrictJson.object(json -> {
      json.writeStringField("worker", worker);
      json.writeStringField("id", request.id().value());
      json.writeStringField("token", request.token());
      json.writeStringField("outcome", "died");
      json.writeObjectFieldStart("error");
      json.writeStringField("message", message(why));
      json.writeEndObject();
      LeftMembers.write(json, request.checkpoint());
    });
  }

  /** What the server would refuse is put into words that it takes: the outcome counts. */
  private static void write(JsonGenerator json, String outcome, TaskError said) throws IOException {
    TaskError error = said.ofRun();
    json.writeStringField("outcome", outcome);
    json.writeObjectFieldStart("error");
    json.writeStringField("code", error.code().json());
    json.writeStringField("message", message(error));
    json.writeEndObject();
  }

  private static String message(TaskError error) {
    String message = StrictJson.whole(error.message());
    return message.isEmpty() ? "no reason was given" : message;
  }

  /**
   * A settle, and what it says besides.
   *
   * @param pieces how many pieces the result has; 0: none, or it does not say
   */
  public record Settle(SettleTask task, long pieces) {}

  /** What is said of the worker and the task's lane is not looked at. */
  public static SettleTask read(byte[] bytes, ResultReader results) throws InterruptedException {
    return readAll(bytes, results).task();
  }

  /** As {@link #read}, with what it says of pieces. */
  public static Settle readAll(byte[] bytes, ResultReader results) throws InterruptedException {
    StrictJson.Apart body = StrictJson.apart(StrictJson.mendedUtf8(bytes), "result");
    Fields fields = Fields.of(StrictJson.mended(body.rest()));
    fields.only(SETTLE);
    TaskId id = Members.id(fields);
    String token = Members.token(fields);
    Outcome outcome =
        switch (fields.text("outcome", Members.MAX_WORD)) {
          case "done" -> new Outcome.Done(results.read(fields, body.member(), id));
          case "retry" -> new Outcome.Retry(error(fields.value("error"), Code.HANDLER_FAILED));
          case "died" -> new Outcome.Retry(error(fields.value("error"), Code.LEASE_LOST));
          case "reject" -> new Outcome.Reject(error(fields.value("error"), Code.INVALID_INPUT));
          case "postpone" -> new Outcome.Postpone(delay(fields));
          case "await" -> AwaitMembers.read(fields);
          case null, default ->
              throw fields.bad(
                  "outcome", "must be 'done', 'retry', 'reject', 'postpone', 'await' or 'died'");
        };
    return new Settle(
        new SettleTask(
            id,
            null,
            token,
            outcome,
            LeftMembers.read(fields, MAX_READ),
            isTrue(fields.value("begun"))),
        Members.roughly(fields.value("pieces")));
  }

  /**
   * What is said of a run that failed, whatever it is: that it failed counts. A code that is none,
   * or the server's own, stands in the message.
   */
  private static TaskError error(@Nullable JsonNode said, Code standard) {
    if (said == null || !said.isObject()) {
      return new TaskError(standard, Members.words(said));
    }
    String message = Members.words(said.get("message"));
    String word = Members.words(said.get("code"));
    return Arrays.stream(Code.values())
        .filter(each -> each.ofRuns() && each.json().equals(word))
        .findFirst()
        .map(code -> new TaskError(code, message))
        .orElseGet(() -> new TaskError(standard, word.isEmpty() ? message : named(word, message)));
  }

  private static String named(String code, String message) {
    String name = code.substring(0, Math.min(code.length(), Members.MAX_WORD));
    return message.isEmpty() ? name : name + ": " + message;
  }

  private static boolean isTrue(@Nullable JsonNode said) {
    return said != null && said.isBoolean() && said.booleanValue();
  }

  private static Duration delay(Fields fields) {
    Double seconds = fields.number("delay_seconds", 0, MAX_DELAY);
    return seconds == null
        ? Duration.ZERO
        : Duration.ofMillis(Math.round(seconds * Members.MILLIS));
  }

  public static void writeReply(JsonGenerator json, TaskId id, SettleReply reply)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("id", id.value());
    json.writeStringField("status", reply == SettleReply.REPEATED ? "repeated" : "settled");
    json.writeEndObject();
  }

  public static SettleReply readReply(byte[] body) throws IOException {
    return Members.tree(body).path("status").asText().equals("repeated")
        ? SettleReply.REPEATED
        : SettleReply.SETTLED;
  }
}
