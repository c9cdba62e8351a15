package dev.penstock.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The worker routes' JSON, as docs/worker.md describes it. */
final class Wire {
  private static final int MILLIS = 1_000;
  private static final int MAX_TASKS = 256;

  /** The server takes no more of them in a poll, nor in the figures: the rest is not shown. */
  static final int MAX_LANES = 64;

  private static final long MAX_BYTES = 32 << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          .build();

  private Wire() {}

  interface Body {
    void write(JsonGenerator json) throws IOException;
  }

  private static byte[] object(Body body) {
    var bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      body.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  /**
   * A worker as it names itself.
   *
   * @param startedAt tells it from earlier ones of the same name
   * @param figures null before anything is known
   */
  record Sender(String worker, Instant startedAt, @Nullable WorkerFigures figures) {}

  static byte[] poll(Sender sender, List<LeaseTasks> asks, Duration hold) {
    return object(json -> {
      json.writeStringField("worker", sender.worker());
      json.writeArrayFieldStart("lanes");
      for (LeaseTasks ask : asks) {
        json.writeStartObject();
        json.writeStringField("lane", ask.lane().name());
        json.writeNumberField("max", Math.min(ask.tasks(), MAX_TASKS));
        json.writeNumberField("max_bytes", Math.min(ask.bytes(), MAX_BYTES));
        json.writeNumberField("min_priority", ask.least().value());
        json.writeStringField("suspects", ask.suspects().name().toLowerCase(Locale.ROOT));
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeNumberField("wait_seconds", hold.toMillis() / (double) MILLIS);
      writeFigures(json, sender);
    });
  }

  static byte[] extend(Sender sender, List<HeldLease> leases) {
    return object(json -> writeExtend(json, sender, leases));
  }

  /** Asks for its held polls to be answered, as it takes nothing more. */
  static byte[] stopping(Sender sender) {
    return last(sender, "stopping");
  }

  /** The last it says: nobody needs to look out for it. */
  static byte[] stopped(Sender sender) {
    return last(sender, "stopped");
  }

  private static byte[] last(Sender sender, String how) {
    return object(json -> {
      writeExtend(json, sender, List.of());
      json.writeBooleanField(how, true);
    });
  }

  private static void writeExtend(JsonGenerator json, Sender sender, List<HeldLease> leases)
      throws IOException {
    json.writeStringField("worker", sender.worker());
    json.writeArrayFieldStart("leases");
    for (HeldLease held : leases) {
      json.writeStartObject();
      json.writeStringField("id", held.id().value());
      json.writeStringField("token", held.token());
      Progress progress = held.progress();
      if (progress != null) {
        json.writeObjectFieldStart("progress");
        json.writeNumberField("done", progress.done());
        json.writeNumberField("total", progress.total());
        json.writeStringField("message", whole(progress.message()));
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    writeFigures(json, sender);
  }

  private static void writeFigures(JsonGenerator json, Sender sender) throws IOException {
    json.writeObjectFieldStart("figures");
    json.writeNumberField("started_at", sender.startedAt().toEpochMilli() / (double) MILLIS);
    WorkerFigures figures = sender.figures();
    if (figures != null) {
      write(json, figures);
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, WorkerFigures figures) throws IOException {
    WorkerReport report = figures.report();
    if (!report.host().isEmpty()) {
      json.writeStringField("host", report.host());
    }
    json.writeArrayFieldStart("lanes");
    for (Lane lane : figures.lanes().subList(0, Math.min(MAX_LANES, figures.lanes().size()))) {
      json.writeString(lane.name());
    }
    json.writeEndArray();
    json.writeStringField("device", report.device());
    json.writeNumberField("running", report.running());
    json.writeNumberField("done", report.done());
    json.writeNumberField("failed", report.failed());
    json.writeObjectFieldStart("batches");
    json.writeNumberField("runs", report.batches().runs());
    json.writeNumberField("texts", report.batches().texts());
    json.writeEndObject();
    if (report.memory() >= 0) {
      json.writeNumberField("memory_bytes", report.memory());
    }
    json.writeStringField("version", report.version());
  }

  static byte[] settle(String worker, SettleTask request, ResultWriter results) {
    return object(json -> {
      json.writeStringField("worker", worker);
      json.writeStringField("id", request.id().value());
      json.writeStringField("token", request.token());
      switch (request.outcome()) {
        case Outcome.Done(var output) -> {
          json.writeStringField("outcome", "done");
          json.writeFieldName("result");
          results.write(json, Objects.requireNonNull(request.lane()), output);
        }
        case Outcome.Retry(var error) -> write(json, "retry", error);
        case Outcome.Reject(var error) -> write(json, "reject", error);
        case Outcome.Postpone(var delay) -> {
          json.writeStringField("outcome", "postpone");
          json.writeNumberField("delay_seconds", allowed(delay).toMillis() / (double) MILLIS);
        }
      }
    });
  }

  private static Duration allowed(Duration delay) {
    Duration most = Outcome.Postpone.MOST;
    return delay.isNegative() ? Duration.ZERO : delay.compareTo(most) > 0 ? most : delay;
  }

  /** What the server would refuse is put into words that it takes: the outcome counts. */
  private static void write(JsonGenerator json, String outcome, TaskError said) throws IOException {
    TaskError error = said.ofRun();
    String message = whole(error.message());
    json.writeStringField("outcome", outcome);
    json.writeObjectFieldStart("error");
    json.writeStringField("code", error.code().json());
    json.writeStringField("message", message.isEmpty() ? "no reason was given" : message);
    json.writeEndObject();
  }

  /** The text with any half of a surrogate pair replaced. */
  private static String whole(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  /** What every answer to a poll or an extend says. */
  record Terms(Duration lease, boolean drain) {
    private static Terms of(JsonNode node) {
      return new Terms(
          Duration.ofMillis(Math.round(node.path("lease_seconds").asDouble(0) * MILLIS)),
          node.path("drain").asBoolean(false));
    }
  }

  /**
   * The answer to a poll.
   *
   * @param suspects the lanes in which tasks wait that are to run alone
   */
  record Given(List<LeasedTask> tasks, Set<String> suspects, Terms terms) {}

  /** Inputs are taken byte for byte, as the submitter's result may show them again. */
  static Given given(byte[] body, String worker) throws IOException {
    List<LeasedTask> tasks = new ArrayList<>();
    Set<String> suspects = new HashSet<>();
    ObjectNode rest = JSON.createObjectNode();
    try (JsonParser parser = JSON.createParser(body)) {
      parser.nextToken();
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        JsonToken token = parser.nextToken();
        if (name.equals("leases") && token == JsonToken.START_ARRAY) {
          while (parser.nextToken() == JsonToken.START_OBJECT) {
            tasks.add(lease(parser, body, worker));
          }
        } else {
          rest.set(name, parser.<JsonNode>readValueAsTree());
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("an answer that makes no sense: " + e.getMessage(), e);
    }
    rest.path("suspects").forEach(lane -> suspects.add(lane.asText()));
    return new Given(List.copyOf(tasks), Set.copyOf(suspects), Terms.of(rest));
  }

  private static LeasedTask lease(JsonParser parser, byte[] body, String worker)
      throws IOException {
    ObjectNode lease = JSON.createObjectNode();
    ObjectNode task = JSON.createObjectNode();
    byte[] input = {};
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      if (!name.equals("task")) {
        lease.set(name, parser.<JsonNode>readValueAsTree());
        continue;
      }
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        if (field.equals("input")) {
          input = raw(parser, body);
        } else {
          task.set(field, parser.<JsonNode>readValueAsTree());
        }
      }
    }
    TaskId id = new TaskId(task.path("id").asText());
    Instant deadline = time(lease.path("expires_at"));
    return new LeasedTask(
        task(id, task, input, worker), new Lease(id, lease.path("token").asText(), deadline));
  }

  private static byte[] raw(JsonParser parser, byte[] body) throws IOException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    parser.finishToken(); // strings are read when they are asked for
    parser.skipChildren();
    int end = (int) parser.currentLocation().getByteOffset();
    return Arrays.copyOfRange(body, start, end);
  }

  private static Task task(TaskId id, JsonNode task, byte[] input, String worker) {
    Map<String, String> metadata = new HashMap<>();
    task.path("metadata")
        .properties()
        .forEach(pair -> metadata.put(pair.getKey(), pair.getValue().asText()));
    var spec =
        new TaskSpec(
            id,
            new TaskSpec.Work(
                Lane.of(task.path("lane").asText()),
                new Priority(task.path("priority").asInt()),
                input,
                null),
            new TaskSpec.Limits(
                task.path("max_attempts").asInt(),
                Duration.ofMillis(Math.round(task.path("timeout_seconds").asDouble() * MILLIS))),
            new Retention(Duration.ZERO, Duration.ZERO), // the server's business
            new TaskSpec.Origin(task.path("owner").asText(), metadata, null, null));
    return new Task(
        spec,
        TaskState.PROCESSING,
        task.path("attempts").asInt(),
        task.path("lost").asInt(),
        null,
        time(task.path("created_at")),
        Instant.now(),
        null,
        worker,
        null,
        null);
  }

  private static Instant time(JsonNode seconds) {
    return Instant.ofEpochMilli(Math.round(seconds.asDouble() * MILLIS));
  }

  /** The answer to an extend. */
  record Kept(Set<TaskId> lost, Terms terms) {}

  static Kept kept(byte[] body) throws IOException {
    JsonNode answer = tree(body);
    Set<TaskId> lost = new HashSet<>();
    for (JsonNode lease : answer.path("leases")) {
      if (!lease.path("status").asText().equals("held")) {
        TaskId.parse(lease.path("id").asText()).ifPresent(lost::add);
      }
    }
    return new Kept(Set.copyOf(lost), Terms.of(answer));
  }

  static JsonNode tree(byte[] body) throws IOException {
    JsonNode tree = JSON.readTree(body);
    return tree == null ? JSON.createObjectNode() : tree;
  }
}
