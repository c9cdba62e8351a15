package dev.penstock.http;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.TaskSettled;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.bus.Request.Part;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Submitted;
import dev.penstock.task.EmbeddingOutput;
import dev.penstock.task.LaneMinute;
import dev.penstock.task.Latencies;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The other end of the bus: answers as a dispatcher does, and ends tasks as a test says. */
final class ScriptedDispatcher {
  static final int DIMENSIONS = 384;

  /** How a submit ends. */
  sealed interface Script {
    record End(TaskState state, @Nullable TaskOutput output, @Nullable TaskError error)
        implements Script {}

    /** It ends, but the event about it is lost. */
    record EndUnheard(TaskOutput output) implements Script {}

    record Stay() implements Script {}

    record Refuse(TaskError error) implements Script {}

    record Break() implements Script {}
  }

  final Map<TaskId, Task> tasks = new ConcurrentHashMap<>();
  private final Bus bus;
  volatile Function<TaskSpec, Script> script = ScriptedDispatcher::complete;

  ScriptedDispatcher(Bus bus) {
    this.bus = bus;
    bus.serve(SubmitTasks.class, this::submit);
    bus.serve(FindTask.class, find -> Optional.ofNullable(tasks.get(find.id())));
    bus.serve(FindTasks.class, this::findAll);
    bus.serve(ReadFigures.class, _ -> figures());
    bus.serve(ReadDispatchHealth.class, _ -> List.of(new Part("queue", true, "works")));
    bus.serve(ReadInferenceHealth.class, _ -> List.of(new Part("models", true, "loaded")));
  }

  /** Every text's vector is 1, 2, 3, …, made a unit vector. */
  static TaskOutput vectors(int count) {
    float[] row = new float[DIMENSIONS];
    double squares = 0;
    for (int i = 0; i < DIMENSIONS; i++) {
      squares += (i + 1.0) * (i + 1.0);
    }
    for (int i = 0; i < DIMENSIONS; i++) {
      row[i] = (float) ((i + 1) / Math.sqrt(squares));
    }
    float[][] rows = new float[count][];
    java.util.Arrays.fill(rows, row);
    return EmbeddingOutput.of(DIMENSIONS, 3L * count, 0, rows).toOutput();
  }

  static Script complete(TaskSpec spec) {
    if (spec.lane().type().equals("embedding")) {
      var input = Json.parse(spec.input()).get("input");
      boolean one = input.isTextual() || input.get(0).isNumber();
      return new Script.End(TaskState.COMPLETED, vectors(one ? 1 : input.size()), null);
    }
    return new Script.End(TaskState.COMPLETED, json(spec.input()), null);
  }

  static TaskOutput json(byte[] echo) {
    String text = "{\"echo\":" + new String(echo, StandardCharsets.UTF_8) + ",\"worker\":\"w\"}";
    return new TaskOutput(TaskOutput.Format.JSON, text.getBytes(StandardCharsets.UTF_8));
  }

  private Submitted submit(SubmitTasks request) {
    return new Submitted(request.specs().stream().map(this::submit).toList());
  }

  private Submission submit(TaskSpec spec) {
    Instant now = Instant.ofEpochMilli(1_763_780_000_123L);
    Task pending = new Task(spec, TaskState.PENDING, 0, 0, null, now, null, null, null, null, null);
    switch (script.apply(spec)) {
      case Script.Refuse(var error) -> {
        return new Submission.Refused(error);
      }
      case Script.Break() -> throw new IllegalStateException("a secret of the dispatcher");
      case Script.Stay() -> tasks.put(spec.id(), pending);
      case Script.EndUnheard(var output) ->
          tasks.put(spec.id(), end(pending, TaskState.COMPLETED, output, null));
      case Script.End(var state, var output, var error) -> {
        Task ended = end(pending, state, output, error);
        tasks.put(spec.id(), ended);
        if (spec.replyTo() != null) {
          bus.tell(spec.replyTo(), new TaskSettled(ended));
        }
      }
    }
    return new Submission.Accepted();
  }

  private static Task end(
      Task task, TaskState state, @Nullable TaskOutput output, @Nullable TaskError error) {
    Instant start = task.createdAt().plusMillis(2);
    return new Task(
        task.spec(),
        state,
        1,
        0,
        null,
        task.createdAt(),
        start,
        start.plusMillis(5),
        "w",
        error,
        output);
  }

  private Map<TaskId, Task> findAll(FindTasks request) {
    var found = new HashMap<TaskId, Task>();
    for (TaskId id : request.ids()) {
      Task task = tasks.get(id);
      if (task != null) {
        found.put(id, task);
      }
    }
    return found;
  }

  private Figures figures() {
    var states = new EnumMap<TaskState, Long>(TaskState.class);
    tasks.values().forEach(task -> states.merge(task.state(), 1L, Long::sum));
    var lanes =
        tasks.values().stream()
            .filter(task -> !task.state().ended())
            .map(task -> task.spec().lane())
            .distinct()
            .map(lane ->
                new LaneFigures(
                    lane,
                    1,
                    0,
                    0,
                    0,
                    Instant.now(),
                    false,
                    new LaneMinute(
                        Instant.EPOCH, lane, 0, 0, 0, 0, Latencies.none(), Latencies.none())))
            .toList();
    return new Figures(states, lanes);
  }
}
