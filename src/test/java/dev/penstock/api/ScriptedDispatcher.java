package dev.penstock.api;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.TaskSettled;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.DeleteTasks;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.FindSteps;
import dev.penstock.bus.Request.FindTask;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.bus.Request.GlanceAtTasks;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.ListTasks;
import dev.penstock.bus.Request.PauseLane;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.bus.Request.ReadDispatchHealth;
import dev.penstock.bus.Request.ReadFigures;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Submitted;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.core.Part;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.json.StrictJson;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.types.embedding.TestEmbeddings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The other end of the bus: answers as a dispatcher does, and ends tasks as a test says. */
public final class ScriptedDispatcher {
  static final int DIMENSIONS = 384;
  private static final Duration IDLE = Duration.ofMillis(50);
  private static final Instant NOW = Instant.ofEpochMilli(1_763_780_000_123L);

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

  private final Map<TaskId, Long> emitted = new ConcurrentHashMap<>();
  final Map<TaskId, Task> tasks = new ConcurrentHashMap<>();
  final Map<TaskId, List<Step>> steps = new ConcurrentHashMap<>();
  final Set<Lane> paused = ConcurrentHashMap.newKeySet();

  /** Whole tasks that were asked for: with inputs, which may be large. */
  final AtomicInteger wholeReads = new AtomicInteger();

  final AtomicInteger briefReads = new AtomicInteger();

  /** Tasks that were to be cancelled, whether they were there or not. */
  final AtomicInteger cancels = new AtomicInteger();

  /** Whether cancelling is refused. */
  volatile boolean noCancels;

  /** What remote workers said of their runs, whatever the task. */
  public final List<SettleTask> settled = new CopyOnWriteArrayList<>();

  /** How often there was a lane asked for work. */
  public final AtomicInteger asked = new AtomicInteger();

  /** What remote workers are given; nothing, after a little while, unless a test says more. */
  public volatile Function<LeaseTasks, Leased> leases =
      request -> {
        LockSupport.parkNanos(Math.min(request.patience().toNanos(), IDLE.toNanos()));
        return new Leased(List.of(), false);
      };

  private final Map<String, TaskId> identities = new ConcurrentHashMap<>();
  private final Bus bus;

  /** Whether lists are refused, as when the store is away. */
  volatile boolean away;

  volatile Function<TaskSpec, Script> script = ScriptedDispatcher::complete;

  ScriptedDispatcher(Bus bus) {
    this.bus = bus;
    bus.serve(SubmitTasks.class, this::submit);
    bus.serve(
        FindTask.class,
        find -> {
          wholeReads.incrementAndGet();
          return Optional.ofNullable(tasks.get(find.id()));
        });
    bus.serve(FindSteps.class, find -> steps.getOrDefault(find.id(), List.of()));
    bus.serve(
        ListTasks.class,
        request -> {
          if (away) {
            throw Unavailable.refused("away", new IllegalStateException());
          }
          return list(request);
        });
    bus.serve(
        CancelTask.class,
        request -> {
          cancels.incrementAndGet();
          if (noCancels) {
            throw Unavailable.refused("away", new IllegalStateException());
          }
          return cancel(request);
        });
    bus.serve(RetryTask.class, this::retry);
    bus.serve(ExtendLeases.class, _ -> Set.of());
    bus.serve(
        LeaseTasks.class,
        request -> {
          asked.incrementAndGet();
          return leases.apply(request);
        });
    bus.serve(
        SettleTasks.class,
        request -> {
          settled.addAll(request.ended());
          return request.ended().stream().map(_ -> SettleReply.SETTLED).toList();
        });
    bus.serve(
        CancelTasks.class,
        request ->
            new Swept(
                matching(request.filter()).stream()
                    .filter(task -> cancel(new CancelTask(task.id())) instanceof CancelResult.Now)
                    .count(),
                false));
    bus.serve(
        RetryTasks.class,
        request ->
            new Swept(
                matching(request.filter()).stream()
                    .filter(task -> retry(new RetryTask(task.id())) instanceof RetryResult.Now)
                    .count(),
                true));
    bus.serve(DeleteTask.class, request -> delete(request.id()));
    bus.serve(
        DeleteTasks.class,
        request ->
            new Swept(
                matching(request.filter()).stream()
                    .filter(task -> delete(task.id()) instanceof DeleteResult.Now)
                    .count(),
                false));
    bus.serve(PurgeLane.class, request -> new Swept(request.lane().name().length(), false));
    bus.serve(
        PauseLane.class,
        request -> {
          if (request.paused()) {
            paused.add(request.lane());
          } else {
            paused.remove(request.lane());
          }
          return request.paused();
        });
    bus.serve(ReadWorkers.class, _ -> List.of(worker()));
    bus.serve(FindTasks.class, this::findAll);
    bus.serve(GlanceAtTasks.class, this::glance);
    bus.serve(ReadFigures.class, _ -> figures());
    bus.serve(ReadDispatchHealth.class, _ -> List.of(new Part("queue", true, "works")));
    bus.serve(ReadInferenceHealth.class, _ -> List.of(new Part("models", true, "loaded")));
  }

  /** As if nothing had ever been submitted or said. */
  void forget() {
    tasks.clear();
    steps.clear();
    emitted.clear();
    identities.clear();
    settled.clear();
    paused.clear();
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
    return TestEmbeddings.output(DIMENSIONS, 3L * count, 0, rows);
  }

  static Script complete(TaskSpec spec) {
    if (spec.lane().type().equals("embedding")) {
      var input = StrictJson.parse(spec.input()).get("input");
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
    Submission known = known(spec);
    if (known != null) {
      return known;
    }
    Task pending = new Task(spec, TaskState.PENDING, 0, 0, null, NOW, null, null, null, null, null);
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
    return new Submission.Accepted(NOW);
  }

  /** The answer where an earlier task is meant. */
  private @Nullable Submission known(TaskSpec spec) {
    Identity identity = spec.identity();
    if (identity == null) {
      return null;
    }
    String key = spec.owner() + " " + identity.key();
    TaskId id = identities.get(key);
    Task earlier = id == null ? null : tasks.get(id);
    boolean meant =
        earlier != null
            && switch (identity) {
              case Identity.Named _ -> true;
              case Identity.Alike _ ->
                  earlier.state() != TaskState.FAILED
                      && earlier.state() != TaskState.CANCELLED
                      && earlier.spec().priority().compareTo(spec.priority()) >= 0;
            };
    if (earlier == null || !meant) {
      identities.put(key, spec.id());
      return null;
    }
    return same(identity, earlier.spec().identity())
        ? new Submission.Earlier(brief(earlier))
        : new Submission.Refused(
            new TaskError(TaskError.Code.IDEMPOTENCY_CONFLICT, "other content"));
  }

  private static boolean same(Identity identity, @Nullable Identity earlier) {
    return identity instanceof Identity.Named named
        ? earlier instanceof Identity.Named there && named.means(there.content())
        : identity.equals(earlier);
  }

  private DeleteResult delete(TaskId id) {
    Task task = tasks.get(id);
    if (task == null) {
      return new DeleteResult.Unknown();
    }
    if (!task.state().ended()) {
      return new DeleteResult.Live(brief(task));
    }
    tasks.remove(id);
    return new DeleteResult.Now();
  }

  /** As the store gives tasks in numbers: without their inputs. */
  private static Task brief(Task task) {
    return task.brief().withOutput(task.output());
  }

  static Task ofOwner(String owner, Task task) {
    return with(task, owner, task.spec().input());
  }

  static Task with(Map<String, String> metadata, Task task) {
    TaskSpec spec = task.spec();
    var origin = new TaskSpec.Origin(spec.owner(), metadata, spec.identity(), spec.replyTo());
    return with(
        task, new TaskSpec(spec.id(), spec.work(), spec.limits(), spec.retention(), origin));
  }

  private static Task with(Task task, String owner, byte[] input) {
    return with(task, TestTasks.withInput(input, TestTasks.of(owner, task.spec())));
  }

  private static Task with(Task task, TaskSpec spec) {
    return new Task(
        spec,
        task.state(),
        task.attempts(),
        task.lost(),
        task.progress(),
        task.createdAt(),
        task.startedAt(),
        task.finishedAt(),
        task.worker(),
        task.error(),
        task.output());
  }

  /** A run of the task begins, or goes on so far. */
  void progress(TaskId id, @Nullable Progress progress) {
    tasks.computeIfPresent(
        id,
        (_, task) ->
            new Task(
                task.spec(),
                TaskState.PROCESSING,
                0,
                0,
                progress,
                task.createdAt(),
                task.createdAt(),
                null,
                "w",
                null,
                null));
  }

  /** The task ends, and whoever waits is told. */
  void end(TaskId id, TaskState state, @Nullable TaskOutput output, @Nullable TaskError error) {
    if (state == TaskState.COMPLETED) {
      bus.call(new EndPieces(new Emitter(id, "token", 1), emitted.getOrDefault(id, -1L), true));
    }
    Task ended = tasks.computeIfPresent(id, (_, task) -> end(task, state, output, error));
    if (ended != null && ended.spec().replyTo() != null) {
      bus.tell(ended.spec().replyTo(), new TaskSettled(brief(ended)));
    }
  }

  /** A run of the task emits its next pieces. */
  void emit(TaskId id, String... pieces) {
    long next = emitted.getOrDefault(id, 0L);
    emit(id, 1, next, pieces);
    emitted.put(id, next + pieces.length);
  }

  /** A run of the task emits pieces, the first with that number. */
  void emit(TaskId id, int run, long from, String... pieces) {
    List<byte[]> bytes =
        Stream.of(pieces).map(each -> each.getBytes(StandardCharsets.UTF_8)).toList();
    bus.call(new PutPieces(new Emitter(id, "token" + run, run), false, from, bytes));
  }

  /** So many pieces have been emitted. */
  void emitted(TaskId id, long pieces) {
    emitted.put(id, pieces);
  }

  /** The task ends, and the event about it is lost. */
  void endUnheard(TaskId id, TaskOutput output) {
    tasks.computeIfPresent(id, (_, task) -> end(task, TaskState.COMPLETED, output, null));
  }

  private List<Task> matching(TaskFilter filter) {
    return tasks.values().stream()
        .filter(task -> filter.owner() == null || filter.owner().equals(task.spec().owner()))
        .filter(task -> filter.states().isEmpty() || filter.states().contains(task.state()))
        .filter(task -> filter.type() == null || filter.type().equals(task.spec().lane().type()))
        .filter(task -> filter.model() == null || filter.model().equals(task.spec().lane().model()))
        .filter(task -> filter.parent() == null || filter.parent().equals(task.spec().parent()))
        .filter(task ->
            filter.text() == null
                || task.spec().metadata().toString().contains(filter.text())
                || task.id().value().contains(filter.text()))
        .sorted(Comparator.comparing((Task task) -> task.id().value()).reversed())
        .map(ScriptedDispatcher::brief)
        .toList();
  }

  private TaskPage list(ListTasks request) {
    List<Task> all = matching(request.filter());
    TaskId after = request.after();
    List<Task> rest =
        after == null
            ? all
            : all.stream().filter(task -> task.id().value().compareTo(after.value()) < 0).toList();
    return new TaskPage(
        rest.stream().limit(request.limit()).toList(),
        rest.size() > request.limit(),
        request.filter().text() != null);
  }

  private CancelResult cancel(CancelTask request) {
    Task task = tasks.get(request.id());
    if (task == null) {
      return new CancelResult.Unknown();
    }
    if (task.state().ended()) {
      return new CancelResult.Ended(brief(task));
    }
    end(request.id(), TaskState.CANCELLED, null, null);
    return new CancelResult.Now(brief(end(task, TaskState.CANCELLED, null, null)), null);
  }

  private RetryResult retry(RetryTask request) {
    Task task = tasks.get(request.id());
    if (task == null) {
      return new RetryResult.Unknown();
    }
    if (task.state() != TaskState.FAILED && task.state() != TaskState.CANCELLED) {
      return new RetryResult.Otherwise(brief(task));
    }
    Task again =
        new Task(task.spec(), TaskState.PENDING, 0, 0, null, NOW, null, null, null, null, null);
    tasks.put(request.id(), again);
    return new RetryResult.Now(brief(again));
  }

  private static WorkerFigures worker() {
    return new WorkerFigures(
        "w",
        List.of("inference"),
        List.of(new Lane("embedding", "all-minilm-l6-v2"), new Lane("ping", null)),
        NOW,
        NOW,
        false,
        new WorkerReport("rack-7", "cpu", 1, 7, 2, new Batches(3, 8), -1, "test"));
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
    briefReads.incrementAndGet();
    var found = new HashMap<TaskId, Task>();
    for (TaskId id : request.ids()) {
      Task task = tasks.get(id);
      if (task != null) {
        found.put(id, brief(task));
      }
    }
    return found;
  }

  private Map<TaskId, Glance> glance(GlanceAtTasks request) {
    briefReads.incrementAndGet();
    var seen = new HashMap<TaskId, Glance>();
    for (TaskId id : request.ids()) {
      Task task = tasks.get(id);
      if (task != null) {
        seen.put(id, Glance.of(task));
      }
    }
    return seen;
  }

  private static Latencies oneOf(int millis) {
    long[] counts = new long[Latencies.BUCKETS];
    counts[Latencies.bucket(Duration.ofMillis(millis))] = 1;
    return new Latencies(counts);
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
                    new LaneCounts(lane, 1, 0, 0, 0, Instant.now()),
                    paused.contains(lane),
                    new LaneMinute(
                        Instant.EPOCH, lane, 90, 60, 6, 0, oneOf(100), Latencies.none())))
            .toList();
    return new Figures(states, lanes);
  }
}
