package dev.penstock.api.worker;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.Patience;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.HeldLease;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskId;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.ApiError;
import dev.penstock.web.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads what remote workers send. Unknown members are refused. */
public final class WorkerRequests {
  static final int MAX_TASKS = 256;
  private static final int MAX_LANES = 64;
  private static final int MAX_BYTES = 32 << 20;
  private static final int STANDARD_BYTES = 8 << 20;
  private static final int MAX_HELD = 2_000;
  private static final int MAX_NAME = 300;
  private static final int MAX_WORD = 100;
  private static final int MAX_MESSAGE = 1_000;
  private static final double MOST = 1e15;
  private static final double LAST_TIME = 1e11;
  private static final int NANOS = 1_000_000_000;
  private static final int MILLIS = 1_000;

  /** Nodes call themselves {@code node-…}: nobody else may pass for one. */
  private static final Pattern WORKER = Pattern.compile("(?!node-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{1,128}");

  private static final Set<String> LEASE =
      Set.of(
          "worker",
          "lanes",
          "max",
          "max_bytes",
          "min_priority",
          "suspects",
          Patience.FIELD,
          "figures");
  private static final Set<String> LANE =
      Set.of("lane", "max", "max_bytes", "min_priority", "suspects");
  private static final Set<String> EXTEND =
      Set.of("worker", "leases", "figures", "stopping", "stopped");
  private static final Set<String> HELD = Set.of("id", "token", "progress");
  private static final Set<String> PROGRESS = Set.of("done", "total", "message");
  private static final Set<String> FIGURES =
      Set.of(
          "host",
          "lanes",
          "device",
          "running",
          "done",
          "failed",
          "batches",
          "memory_bytes",
          "version",
          "started_at");

  private final ModelCatalogue models;
  private final TaskTypes types;

  public WorkerRequests(ModelCatalogue models, TaskTypes types) {
    this.models = models;
    this.types = types;
  }

  /**
   * A worker's question for work.
   *
   * @param most tasks over all lanes
   * @param bytes of input over all lanes; one task comes in any case
   */
  record Poll(
      String worker,
      List<Wish> wishes,
      int most,
      long bytes,
      Duration hold,
      @Nullable Introduction figures) {}

  /** What is wanted of one lane. */
  record Wish(Lane lane, int tasks, long bytes, Priority least, Suspects suspects) {
    Wish less(int newTasks, long newBytes) {
      return new Wish(lane, Math.min(tasks, newTasks), Math.min(bytes, newBytes), least, suspects);
    }

    Wish leavingSuspects() {
      return new Wish(lane, tasks, bytes, least, Suspects.LEAVE);
    }
  }

  /**
   * What a worker still runs.
   *
   * @param stopping when the worker that takes nothing more was started; null: it goes on
   * @param stopped whether it is gone with this
   */
  record Hold(
      String worker,
      List<HeldLease> held,
      @Nullable Introduction figures,
      @Nullable Instant stopping,
      boolean stopped) {}

  /**
   * What a worker says of itself; absent members are empty, 0 or −1.
   *
   * @param startedAt null: it does not say
   */
  record Introduction(List<Lane> lanes, @Nullable Instant startedAt, WorkerReport report) {}

  Poll poll(JsonNode body) {
    Fields fields = Fields.of(body);
    fields.only(LEASE);
    String worker = worker(fields);
    JsonNode lanes = fields.value("lanes");
    if (lanes == null || !lanes.isArray() || lanes.isEmpty() || lanes.size() > MAX_LANES) {
      throw fields.bad("lanes", "must be a list of 1 to " + MAX_LANES + " lanes");
    }
    List<Wish> wishes = new ArrayList<>(lanes.size());
    Set<Lane> seen = new HashSet<>();
    for (int i = 0; i < lanes.size(); i++) {
      Wish wish = wish(lanes.get(i), "lanes[" + i + "]", fields);
      if (!seen.add(wish.lane)) {
        throw fields.bad("lanes", "has " + StrictJson.quote(wish.lane.name()) + " more than once");
      }
      wishes.add(wish);
    }
    Double wait = fields.number(Patience.FIELD, 0, Patience.MAX_SECONDS);
    return new Poll(
        worker,
        List.copyOf(wishes),
        most(fields, lanes, wishes),
        bytes(fields, lanes, wishes),
        Duration.ofNanos(wait == null ? 0 : Math.round(wait * NANOS)),
        figures(fields));
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
    for (JsonNode lane : lanes) {
      if (lane.hasNonNull(member)) {
        return true;
      }
    }
    return false;
  }

  /** A lane by its name, or an object that says more about it than the request does of all. */
  private Wish wish(JsonNode value, String name, Fields all) {
    if (value.isTextual()) {
      return wish(lane(value.textValue(), name), all, all);
    }
    if (!value.isObject()) {
      throw all.bad(name, "must be the name of a lane or an object");
    }
    var own = new Fields(value, name + ".");
    own.only(LANE);
    String lane = own.text("lane", MAX_NAME);
    if (lane == null) {
      throw own.bad("lane", "is missing");
    }
    return wish(lane(lane, own.param("lane")), own, all);
  }

  private static Wish wish(Lane lane, Fields own, Fields all) {
    Integer tasks = first(own.integer("max", 1, MAX_TASKS), all.integer("max", 1, MAX_TASKS));
    Integer bytes =
        first(own.integer("max_bytes", 1, MAX_BYTES), all.integer("max_bytes", 1, MAX_BYTES));
    Integer least =
        first(
            own.integer("min_priority", Priority.MIN, Priority.MAX),
            all.integer("min_priority", Priority.MIN, Priority.MAX));
    Suspects suspects = first(suspects(own), suspects(all));
    int most = tasks == null ? 1 : tasks;
    if (suspects == Suspects.TAKE && most > 1) {
      throw own.bad("suspects", "can be 'take' only where max is 1: such a task runs alone");
    }
    return new Wish(
        lane,
        most,
        bytes == null ? STANDARD_BYTES : bytes,
        least == null ? Priority.LOWEST : new Priority(least),
        suspects == null ? Suspects.SHOW : suspects);
  }

  private static <T> @Nullable T first(@Nullable T one, @Nullable T other) {
    return one == null ? other : one;
  }

  private static @Nullable Suspects suspects(Fields fields) {
    String text = fields.text("suspects", MAX_WORD);
    return switch (text) {
      case null -> null;
      case "leave" -> Suspects.LEAVE;
      case "show" -> Suspects.SHOW;
      case "take" -> Suspects.TAKE;
      default -> throw fields.bad("suspects", "must be 'leave', 'show' or 'take'");
    };
  }

  /** A lane that tasks can be submitted to: others would be asked for in vain. */
  private Lane lane(String name, String param) {
    int dot = name.indexOf('.');
    String word = dot < 0 ? name : name.substring(0, dot);
    TaskType type =
        types
            .find(word)
            .orElseThrow(() ->
                noLane(
                    name,
                    param,
                    "known types are "
                        + types.all().stream()
                            .map(TaskType::name)
                            .collect(Collectors.joining(", "))));
    if (!type.usesModels()) {
      if (dot >= 0) {
        throw noLane(name, param, "the type " + word + " has no models");
      }
      return new Lane(word, null);
    }
    String model = dot < 0 ? "" : name.substring(dot + 1);
    return new Lane(
        word,
        models
            .find(model)
            .map(ModelSpec::name)
            .orElseThrow(() -> noLane(name, param, "GET /v1/models lists the models there are")));
  }

  private static Refusal noLane(String name, String param, String why) {
    return new Refusal(
        new ApiError(
            404,
            ApiError.INVALID_REQUEST,
            param,
            "lane_not_found",
            "There is no lane " + StrictJson.quote(name) + ": " + why + ".",
            ApiError.Again.NEVER));
  }

  Hold hold(JsonNode body) {
    Fields fields = Fields.of(body);
    fields.only(EXTEND);
    String worker = worker(fields);
    JsonNode leases = fields.value("leases");
    if (leases == null || !leases.isArray() || leases.size() > MAX_HELD) {
      throw fields.bad("leases", "must be a list of at most " + MAX_HELD + " leases");
    }
    List<HeldLease> held = new ArrayList<>(leases.size());
    Set<TaskId> seen = new HashSet<>();
    for (int i = 0; i < leases.size(); i++) {
      String name = "leases[" + i + "]";
      if (!leases.get(i).isObject()) {
        throw fields.bad(name, "must be an object");
      }
      var lease = new Fields(leases.get(i), name + ".");
      lease.only(HELD);
      TaskId id = id(lease);
      if (!seen.add(id)) {
        throw lease.bad("id", "is there more than once");
      }
      held.add(new HeldLease(id, token(lease), progress(lease)));
    }
    Introduction figures = figures(fields);
    boolean stopped = flag(fields, "stopped");
    @Nullable Instant stopping =
        flag(fields, "stopping") || stopped ? startOf(fields, figures) : null;
    return new Hold(worker, List.copyOf(held), figures, stopping, stopped);
  }

  private static boolean flag(Fields fields, String name) {
    JsonNode value = fields.value(name);
    if (value != null && !value.isBoolean()) {
      throw fields.bad(name, "must be true or false");
    }
    return value != null && value.booleanValue();
  }

  private static Instant startOf(Fields fields, @Nullable Introduction figures) {
    if (figures == null || figures.startedAt() == null) {
      // The name alone would bar the next worker that bears it.
      throw fields.bad("figures.started_at", "is missing: it says which worker stops");
    }
    return figures.startedAt();
  }

  static TaskId id(Fields fields) {
    String text = fields.text("id", MAX_WORD);
    if (text == null) {
      throw fields.bad("id", "is missing");
    }
    return TaskId.parse(text).orElseThrow(() -> fields.bad("id", "is not the id of a task"));
  }

  static String token(Fields fields) {
    String text = fields.text("token", MAX_NAME);
    if (text == null || !TOKEN.matcher(text).matches()) {
      throw fields.bad("token", "must be the token of the lease");
    }
    return text;
  }

  private static String worker(Fields fields) {
    String name = fields.text("worker", MAX_NAME);
    if (name == null || !WORKER.matcher(name).matches()) {
      throw fields.bad(
          "worker",
          "must be a name of 1 to 64 letters, digits, dots, hyphens and underscores that begins"
              + " with a letter or digit, and not with 'node-'");
    }
    return name;
  }

  private static @Nullable Progress progress(Fields lease) {
    JsonNode value = lease.value("progress");
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      throw lease.bad("progress", "must be an object");
    }
    var fields = new Fields(value, lease.param("progress."));
    fields.only(PROGRESS);
    long done = count(fields, "done");
    long total = count(fields, "total");
    if (done > total) {
      throw fields.bad("done", "must not be more than total");
    }
    JsonNode message = fields.value("message");
    boolean said = message != null && message.isTextual() && !message.textValue().isEmpty();
    if (message != null && !message.isTextual()) {
      throw fields.bad("message", "must be a string");
    }
    String text = said ? fields.text("message", MAX_MESSAGE) : null;
    return new Progress(done, total, text == null ? "" : text);
  }

  private @Nullable Introduction figures(Fields request) {
    JsonNode value = request.value("figures");
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      throw request.bad("figures", "must be an object");
    }
    var fields = new Fields(value, "figures.");
    fields.only(FIGURES);
    Double started = fields.number("started_at", 0, LAST_TIME);
    String host = word(fields, "host");
    return new Introduction(
        lanes(fields),
        started == null ? null : Instant.ofEpochMilli(Math.round(started * MILLIS)),
        new WorkerReport(
            host,
            word(fields, "device"),
            count(fields, "running"),
            count(fields, "done"),
            count(fields, "failed"),
            batches(fields),
            fields.value("memory_bytes") == null ? -1 : count(fields, "memory_bytes"),
            word(fields, "version")));
  }

  /** Those that are known: a worker may have models that this server has not. */
  private List<Lane> lanes(Fields fields) {
    JsonNode given = fields.value("lanes");
    if (given == null) {
      return List.of();
    }
    if (!given.isArray() || given.size() > MAX_LANES) {
      throw fields.bad("lanes", "must be a list of at most " + MAX_LANES + " names");
    }
    List<Lane> lanes = new ArrayList<>();
    for (JsonNode name : given) {
      if (!name.isTextual()) {
        throw fields.bad("lanes", "must be a list of names");
      }
      try {
        lanes.add(lane(name.textValue(), "figures.lanes"));
      } catch (Refusal _) {
        // Not one of this server's.
      }
    }
    return lanes;
  }

  private static Batches batches(Fields figures) {
    JsonNode value = figures.value("batches");
    if (value == null) {
      return new Batches(0, 0);
    }
    if (!value.isObject()) {
      throw figures.bad("batches", "must be an object");
    }
    var fields = new Fields(value, "figures.batches.");
    fields.only(Set.of("runs", "texts"));
    return new Batches(count(fields, "runs"), count(fields, "texts"));
  }

  private static long count(Fields fields, String name) {
    Double number = fields.number(name, 0, MOST);
    return number == null ? 0 : Math.round(number);
  }

  private static String word(Fields fields, String name) {
    JsonNode value = fields.value(name);
    boolean empty = value == null || (value.isTextual() && value.textValue().isEmpty());
    String text = empty ? null : fields.text(name, MAX_WORD);
    return text == null ? "" : text.replaceAll("\\p{C}", "?").toLowerCase(Locale.ROOT);
  }
}
