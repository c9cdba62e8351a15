package dev.penstock.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A worker's question for work.
 *
 * @param most tasks over all lanes
 * @param bytes of input over all lanes; one task comes in any case
 */
public record LeaseRequest(
    String worker,
    List<Wish> wishes,
    int most,
    long bytes,
    Duration hold,
    @Nullable Introduction figures) {
  public static final int MAX_TASKS = 256;

  /** In a poll, and in a worker's figures. */
  public static final int MAX_LANES = 64;

  private static final int MAX_BYTES = 32 << 20;
  private static final int STANDARD_BYTES = 8 << 20;
  private static final int MAX_WAIT = 30;
  private static final int NANOS = 1_000_000_000;

  private static final Set<String> LEASE =
      Set.of(
          "worker",
          "lanes",
          "max",
          "max_bytes",
          "min_priority",
          "suspects",
          "wait_seconds",
          "figures");
  private static final Set<String> LANE =
      Set.of("lane", "max", "max_bytes", "min_priority", "suspects");

  /** What is wanted of one lane. */
  public record Wish(Lane lane, int tasks, long bytes, Priority least, Suspects suspects) {
    public Wish less(int newTasks, long newBytes) {
      return new Wish(lane, Math.min(tasks, newTasks), Math.min(bytes, newBytes), least, suspects);
    }

    public Wish leavingSuspects() {
      return new Wish(lane, tasks, bytes, least, Suspects.LEAVE);
    }
  }

  /** Lanes say what they want each for itself. */
  public static byte[] write(
      String worker, List<LeaseTasks> asks, Duration hold, Introduction figures) {
    return StrictJson.object(json -> {
      json.writeStringField("worker", worker);
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
      Members.seconds(json, "wait_seconds", hold.toMillis());
      figures.write(json);
    });
  }

  public static LeaseRequest read(byte[] body, KnownLanes known) {
    Fields fields = Fields.of(StrictJson.mended(body));
    fields.only(LEASE);
    String worker = Members.worker(fields);
    JsonNode lanes = fields.value("lanes");
    if (lanes == null || !lanes.isArray() || lanes.isEmpty() || lanes.size() > MAX_LANES) {
      throw fields.bad("lanes", "must be a list of 1 to " + MAX_LANES + " lanes");
    }
    List<Wish> wishes = new ArrayList<>(lanes.size());
    Set<Lane> seen = new HashSet<>();
    for (int i = 0; i < lanes.size(); i++) {
      Wish wish = wish(lanes.get(i), "lanes[" + i + "]", fields, known);
      if (!seen.add(wish.lane)) {
        throw fields.bad("lanes", "has " + StrictJson.quote(wish.lane.name()) + " more than once");
      }
      wishes.add(wish);
    }
    Double wait = fields.number("wait_seconds", 0, MAX_WAIT);
    return new LeaseRequest(
        worker,
        List.copyOf(wishes),
        most(fields, lanes, wishes),
        bytes(fields, lanes, wishes),
        Duration.ofNanos(wait == null ? 0 : Math.round(wait * NANOS)),
        Introduction.read(fields, known));
  }

  /** Over all lanes: what is said of all, or what the lanes say of themselves together. */
  private static int most(Fields all, JsonNode lanes, List<Wish> wishes) {
    Integer most = all.integer("max", 1, MAX_TASKS);
    if (wishes.stream().anyMatch(wish -> wish.suspects == Suspects.TAKE)) {
      if (most != null && most > 1) {
        throw all.bad("max", "must be 1 where a lane's suspects are taken: they run alone");
      }
      return 1;
    }
    if (most != null) {
      return most;
    }
    int sum = wishes.stream().mapToInt(Wish::tasks).sum();
    return anySays(lanes, "max") ? Math.min(MAX_TASKS, sum) : 1;
  }

  private static long bytes(Fields all, JsonNode lanes, List<Wish> wishes) {
    Integer bytes = all.integer("max_bytes", 1, MAX_BYTES);
    if (bytes != null) {
      return bytes;
    }
    long sum = wishes.stream().mapToLong(Wish::bytes).sum();
    return anySays(lanes, "max_bytes") ? Math.min(MAX_BYTES, sum) : STANDARD_BYTES;
  }

  private static boolean anySays(JsonNode lanes, String member) {
    return lanes.findValues(member).stream().anyMatch(value -> !value.isNull());
  }

  /** A lane by its name, or an object that says more about it than the request does of all. */
  private static Wish wish(JsonNode value, String name, Fields all, KnownLanes known) {
    if (value.isTextual()) {
      return wish(lane(value.textValue(), name, known), all, all);
    }
    if (!value.isObject()) {
      throw all.bad(name, "must be the name of a lane or an object");
    }
    var own = new Fields(value, name + ".");
    own.only(LANE);
    String lane = own.required("lane", Members.MAX_NAME);
    return wish(lane(lane, own.param("lane"), known), own, all);
  }

  private static Lane lane(String name, String param, KnownLanes known) {
    return known.find(name).orElseThrow(() -> known.unknown(name, param));
  }

  private static Wish wish(Lane lane, Fields own, Fields all) {
    int most = first(own, all, "max", 1, MAX_TASKS, 1);
    int bytes = first(own, all, "max_bytes", 1, MAX_BYTES, STANDARD_BYTES);
    int least = first(own, all, "min_priority", Priority.MIN, Priority.MAX, Priority.MIN);
    Suspects ofLane = suspects(own);
    Suspects ofAll = suspects(all);
    Suspects suspects = ofLane != null ? ofLane : ofAll != null ? ofAll : Suspects.SHOW;
    if (suspects == Suspects.TAKE && most > 1) {
      throw own.bad("suspects", "can be 'take' only where max is 1: such a task runs alone");
    }
    return new Wish(lane, most, bytes, new Priority(least), suspects);
  }

  private static int first(Fields own, Fields all, String name, int min, int max, int standard) {
    Integer ofLane = own.integer(name, min, max);
    Integer ofAll = all.integer(name, min, max);
    return ofLane != null ? ofLane : ofAll != null ? ofAll : standard;
  }

  private static @Nullable Suspects suspects(Fields fields) {
    String text = fields.text("suspects", Members.MAX_WORD);
    return switch (text) {
      case null -> null;
      case "leave" -> Suspects.LEAVE;
      case "show" -> Suspects.SHOW;
      case "take" -> Suspects.TAKE;
      case "apart" -> Suspects.APART;
      default -> throw fields.bad("suspects", "must be 'leave', 'show', 'take' or 'apart'");
    };
  }
}
