package dev.penstock.storage.redis;

import static java.util.Objects.requireNonNull;

import dev.penstock.core.Checkpoint;
import dev.penstock.core.Glance;
import dev.penstock.storage.KeptError;
import dev.penstock.storage.Metadata;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import io.vertx.redis.client.Response;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a task is written into the fields of a hash, and read from what scripts tell of it. */
final class RedisTasks {
  private static final byte[] NO_BYTES = {};
  private static final int LENGTHS = 4;
  private static final String NO_METADATA = "{}";

  private RedisTasks() {}

  /** What never changes, as fields and values; ids, lanes and payloads are kept apart. */
  static List<Object> fields(TaskSpec spec, @Nullable String identity) {
    List<Object> fields = new ArrayList<>();
    // First: the script that inserts looks for it there.
    put(fields, "parent", spec.parent());
    put(fields, "owner", spec.owner());
    put(fields, "priority", spec.priority().value());
    put(fields, "max_attempts", spec.maxAttempts());
    put(fields, "timeout", Micros.of(spec.timeout()));
    put(fields, "run_at", Micros.ofNullable(spec.runAt()));
    put(fields, "keep_completed", Micros.of(spec.retention().completed()));
    put(fields, "keep_failed", Micros.of(spec.retention().failed()));
    put(fields, "reply_to", spec.replyTo());
    put(fields, "identity", identity);
    put(fields, "submitted_at", Micros.ofNullable(spec.origin().submittedAt()));
    put(fields, "start_before", Micros.ofNullable(spec.startBefore()));
    // Last: the script that inserts looks for it there.
    put(fields, "start_by", Micros.ofNullable(spec.startBefore()));
    return fields;
  }

  private static void put(List<Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.add(name);
      fields.add(value);
    }
  }

  /** A progress as one text: two numbers and the words. */
  static String progress(@Nullable Progress progress) {
    return progress == null
        ? ""
        : progress.done() + " " + progress.total() + " " + progress.message();
  }

  /** As the script's {@code tell} tells it: fields, metadata, input and output. */
  static Task read(TaskId id, Response told) {
    Fields fields = new Fields(told.get(0));
    Response metadata = told.get(1);
    Response input = told.get(2);
    String format = fields.text("format");
    Response output = told.get(3);
    String parent = fields.text("parent");
    Instant created = Micros.toInstant(fields.number("created"));
    @Nullable Instant started = noSooner(fields.time("started"), created);
    TaskSpec spec =
        new TaskSpec(
            id,
            new TaskSpec.Work(
                Lane.of(fields.need("lane")),
                new Priority((int) fields.number("priority")),
                input == null ? NO_BYTES : input.toBytes(),
                fields.time("run_at"),
                fields.time("start_before")),
            new TaskSpec.Limits(
                (int) fields.number("max_attempts"), Micros.toDuration(fields.number("timeout"))),
            new TaskSpec.Retention(
                Micros.toDuration(fields.number("keep_completed")),
                Micros.toDuration(fields.number("keep_failed"))),
            new TaskSpec.Origin(
                fields.need("owner"),
                Metadata.ofJson(metadata == null ? NO_METADATA : metadata.toString()),
                null,
                fields.text("reply_to"),
                parent == null ? null : new TaskId(parent),
                fields.time("submitted_at")));
    return new Task(
        spec,
        Phase.valueOf(fields.need("phase")).state(),
        (int) fields.number("attempts"),
        (int) fields.number("lost"),
        progress(fields.text("progress")),
        created,
        started,
        noSooner(fields.time("finished"), started),
        fields.text("worker"),
        KeptError.of(fields.text("error_code"), fields.text("error_message")),
        format == null || output == null
            ? null
            : new TaskOutput(TaskOutput.Format.valueOf(format), output.toBytes()),
        Micros.toInstant(fields.number("queued")),
        waitingOn(fields),
        expired(fields));
  }

  /** Nodes know Redis's time by a little less than a millisecond, each by its own. */
  private static @Nullable Instant noSooner(@Nullable Instant time, @Nullable Instant than) {
    return time != null && than != null && time.isBefore(than) ? than : time;
  }

  /** As the script that finds tells it of who asks for short results only: with the lengths. */
  static Glance glance(TaskId id, Response told) {
    String format = new Fields(told.get(0)).text("format");
    return new Glance(
        read(id, told),
        format == null ? null : TaskOutput.Format.valueOf(format),
        requireNonNull(told.get(LENGTHS).toLong()),
        requireNonNull(told.get(LENGTHS + 1).toLong()));
  }

  /**
   * The same of one that is claimed: where an earlier run had begun, there is no time to begin by.
   */
  static Task claimed(TaskId id, Response told) {
    Task task = read(id, told);
    return new Fields(told.get(0)).text("start_by") == null ? task.begun() : task;
  }

  private static boolean expired(Fields fields) {
    return fields.need("phase").equals(Phase.CANCELLED.name())
        && fields.text("start_by") != null
        && fields.text("started") == null
        && fields.number("finished") >= fields.number("start_by");
  }

  private static int waitingOn(Fields fields) {
    boolean waits =
        fields.need("phase").equals(Phase.RUNNING.name())
            && fields.text("token") == null
            && fields.text("wake_at") != null;
    return waits ? (int) fields.number("open") : 0;
  }

  /** A checkpoint as arguments: how many follow, its state, and what is read. */
  static List<Object> arguments(@Nullable Checkpoint checkpoint) {
    if (checkpoint == null) {
      return List.of(0);
    }
    List<Object> arguments = new ArrayList<>(checkpoint.read().size() + 2);
    arguments.add(checkpoint.read().size() + 1);
    arguments.add(checkpoint.state());
    arguments.addAll(checkpoint.read());
    return arguments;
  }

  /** The word that an answer begins with. */
  static String kind(@Nullable Response answer) {
    return text(answer, 0);
  }

  static String text(@Nullable Response answer, int place) {
    return requireNonNull(answer).get(place).toString();
  }

  /** The task that stands at that place of an answer. */
  static Task read(TaskId id, @Nullable Response answer, int place) {
    return read(id, requireNonNull(answer).get(place));
  }

  private static @Nullable Progress progress(@Nullable String text) {
    if (text == null) {
      return null;
    }
    String[] parts = text.split(" ", 3);
    return new Progress(Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]);
  }

  /** Names and values one after the other, as scripts answer a hash. */
  static final class Fields {
    private final Map<String, String> values;

    Fields(Response flat) {
      values = HashMap.newHashMap(flat.size() / 2);
      for (int i = 0; i < flat.size(); i += 2) {
        values.put(flat.get(i).toString(), flat.get(i + 1).toString());
      }
    }

    Map<String, String> all() {
      return values;
    }

    @Nullable String text(String name) {
      return values.get(name);
    }

    String need(String name) {
      String value = values.get(name);
      if (value == null) {
        throw new IllegalStateException("a task in Redis has no " + name);
      }
      return value;
    }

    /** Zero when it is not there. */
    long number(String name) {
      String value = values.get(name);
      return value == null ? 0 : Long.parseLong(value);
    }

    @Nullable Instant time(String name) {
      String value = values.get(name);
      return value == null ? null : Micros.toInstant(Long.parseLong(value));
    }
  }
}
