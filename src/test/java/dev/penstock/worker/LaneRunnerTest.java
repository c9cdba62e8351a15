package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.base.ParsedJson;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.Apart;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.ReadInput;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;

@Timeout(60)
final class LaneRunnerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Lane LANE = new Lane("scripted", null);
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Outcome DONE =
      new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, new byte[] {'1'}));

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "test-node");
  private final ScriptedQueue queue = new ScriptedQueue(bus);
  private final Handler handler = new Handler();
  private final OtherProcess apart = new OtherProcess();
  private @Nullable LaneRunner runner;

  /** What a run does. */
  private interface Body {
    Outcome run(Task task, TaskHandler.Control control) throws InterruptedException;
  }

  /** Takes what is sent to it and keeps it until {@link #open} is. */
  private static final class OtherProcess implements Apart {
    private final List<Task> begun = new CopyOnWriteArrayList<>();
    private final CountDownLatch open = new CountDownLatch(1);
    private int places = 2; // guarded by this

    @Override
    public synchronized int reserve() {
      int kept = places;
      places = 0;
      return kept;
    }

    @Override
    public synchronized void release(int unused) {
      places += unused;
    }

    synchronized void add(int more) {
      places += more;
    }

    @Override
    public Outcome run(LeasedTask suspect, TaskHandler.Control control)
        throws InterruptedException {
      begun.add(suspect.task());
      open.await();
      return DONE;
    }
  }

  /** Runs each task as the test says, and knows which were begun and interrupted. */
  private static final class Handler extends ScriptedHandler {
    private final Map<Task, Boolean> begun = new ConcurrentHashMap<>();
    private final CountDownLatch open = new CountDownLatch(1);
    private volatile Body body = (_, _) -> DONE;
    private volatile int concurrency;

    Handler() {
      super(LANE.type());
    }

    /** Runs that last until {@link #open} is. */
    Outcome last(Task task, Control control) throws InterruptedException {
      try {
        open.await();
        return DONE;
      } catch (InterruptedException e) {
        begun.put(task, true);
        throw e;
      }
    }

    boolean interrupted(Task task) {
      return begun.getOrDefault(task, false);
    }

    @Override
    public int concurrency() {
      return concurrency;
    }

    @Override
    public boolean free(TaskSpec spec, ReadInput input) {
      return true;
    }

    @Override
    public Outcome run(TaskSpec spec, ReadInput input, Control control, Runnable begins)
        throws InterruptedException {
      control.progress(new Progress(1, 2, "texts"));
      open.await();
      return DONE;
    }

    @Override
    public Outcome run(Task task, Control control) throws InterruptedException {
      begun.put(task, false);
      return body.run(task, control);
    }
  }

  @BeforeEach
  void lastByDefault() {
    handler.body = handler::last;
  }

  @AfterEach
  void stop() throws Exception {
    handler.open.countDown();
    if (runner != null) {
      // No drain: it waits for turns to be over, which end by themselves within a second.
      runner.stopLeasing();
      queue.end();
    }
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private LaneRunner start(String... settings) {
    return start(false, settings);
  }

  private LaneRunner start(boolean near, String... settings) {
    Map<String, String> keys = new HashMap<>();
    keys.put("inference.tasks-in-hand", "4");
    for (int i = 0; i < settings.length; i += 2) {
      keys.put(settings[i], settings[i + 1]);
    }
    var started =
        new LaneRunner(
            bus,
            LANE,
            handler,
            "worker",
            SettingsLoader.load(List.of(), keys, Map.of(), null).settings(),
            apart,
            new WorkerBoard(),
            near);
    runner = started;
    started.start();
    return started;
  }

  private Task add(int priority, Duration timeout) {
    Task task = TestTasks.task(LANE, "{}", 0, new Priority(priority), timeout);
    queue.add(task);
    return task;
  }

  private Task addSuspect() {
    Task clean = TestTasks.task(LANE, "{}", 0);
    Task suspect =
        new Task(
            clean.spec(),
            clean.state(),
            clean.attempts(),
            1,
            null,
            clean.createdAt(),
            null,
            null,
            null,
            null,
            null);
    queue.add(suspect);
    return suspect;
  }

  private void awaitBegun(Task task) throws Exception {
    Await.until("the task runs", LIMIT, () -> handler.begun.containsKey(task));
  }

  private SettleTask awaitSettled() throws Exception {
    Await.until("a task is settled", LIMIT, () -> !queue.settled().isEmpty());
    assertThat(queue.settled()).hasSize(1);
    return queue.settled().getFirst();
  }

  @Test
  void aLongInputWaitsForTheMemoryThatItTakesWithItsLeaseKeptAndShortOnesPassIt() throws Exception {
    handler.body = (_, _) -> DONE;
    long all = ParsedJson.RUNS.size();
    assertThat(ParsedJson.RUNS.take(all)).isTrue(); // as if others had it
    try {
      start("lease.extend-every", "100ms");
      Task wide = TestTasks.task(LANE, "[[]" + ",[]".repeat(20_000) + "]", 0);
      queue.add(wide);
      Await.until(
          "its lease is kept",
          LIMIT,
          () -> queue.held().stream().anyMatch(held -> held.id().equals(wide.id())));
      awaitBegun(add(5, MINUTE));
      assertThat(handler.begun).doesNotContainKey(wide);
      ParsedJson.RUNS.give(all);
      all = 0;
      awaitBegun(wide);
    } finally {
      ParsedJson.RUNS.give(all);
    }
    Await.until("nothing is taken", LIMIT, () -> ParsedJson.RUNS.taken() == 0);
  }

  @Test
  void aTaskIsRunAndItsOutcomeSettledUnderItsLease() throws Exception {
    handler.body = (_, _) -> DONE;
    start();
    Task task = add(5, MINUTE);
    SettleTask settled = awaitSettled();
    assertThat(settled.id()).isEqualTo(task.id());
    assertThat(settled.outcome()).isSameAs(DONE);
  }

  @Test
  void aTaskPastItsTimeLimitIsInterruptedAndTriedAgain() throws Exception {
    start();
    Task task = add(5, Duration.ofMillis(100));
    assertThat(awaitSettled().outcome())
        .isInstanceOfSatisfying(
            Outcome.Retry.class, retry -> assertThat(retry.error().code()).isEqualTo(Code.TIMEOUT));
    assertThat(handler.interrupted(task)).isTrue();
  }

  private static RunNow direct(Duration limit) {
    ReadInput work = new ReadInput() {};
    return new RunNow(TestTasks.task(LANE, "{}", 0).spec(), work, limit);
  }

  private FutureTask<Ran> begin(LaneRunner running) throws Exception {
    var ran = new FutureTask<>(() -> running.runNow(direct(MINUTE)));
    Thread.ofVirtual().start(ran);
    Await.until("it runs", LIMIT, () -> running.running() == 1);
    return ran;
  }

  @Test
  void workThatIsNoTaskIsStoppedAtItsLimit() throws Exception {
    LaneRunner running = start();
    assertThat(running.runNow(direct(Duration.ofMillis(100)))).isInstanceOf(Ran.NotNow.class);
    assertThat(running.running()).isZero();
  }

  @Test
  void workThatIsNoTaskHasNoLeaseToExtendOrLose() throws Exception {
    LaneRunner running = start("lease.extend-every", "50ms");
    var ran = begin(running);
    Task task = add(5, MINUTE);
    awaitBegun(task);
    Await.until("the keeper has looked often", LIMIT, () -> queue.held().size() > 2);
    assertThat(queue.held()).extracting(HeldLease::id).containsOnly(task.id());
    handler.open.countDown();
    assertThat(ran.get(20, TimeUnit.SECONDS)).isInstanceOf(Ran.Ended.class);
  }

  @Test
  void aLaneThatStopsEndsSuchWorkAndBeginsNoMore() throws Exception {
    LaneRunner running = start();
    var ran = begin(running);
    running.stopLeasing();
    assertThat(running.runNow(direct(MINUTE))).isInstanceOf(Ran.NotNow.class);
    handler.open.countDown();
    running.drain(LIMIT);
    assertThat(ran.get(20, TimeUnit.SECONDS)).isInstanceOf(Ran.Ended.class);
  }

  @Test
  void suchWorkThatDoesNotEndInTimeIsLeftToATask() throws Exception {
    LaneRunner running = start();
    var ran = begin(running);
    running.stopLeasing();
    running.drain(Duration.ofMillis(1));
    assertThat(ran.get(20, TimeUnit.SECONDS)).isInstanceOf(Ran.NotNow.class);
  }

  @Test
  void aLostLeaseStopsTheRunAndSettlesNothing() throws Exception {
    LaneRunner running = start("lease.extend-every", "50ms");
    Task task = add(5, MINUTE);
    awaitBegun(task);
    queue.lose(task.id());
    Await.until("nothing runs", LIMIT, () -> running.running() == 0);
    assertThat(handler.interrupted(task)).isTrue();
    assertThat(queue.settled()).isEmpty();
  }

  @Test
  void progressTravelsWithTheNextExtension() throws Exception {
    var half = new Progress(1, 2, "half");
    handler.body =
        (task, control) -> {
          control.progress(half);
          return handler.last(task, control);
        };
    start("lease.extend-every", "10s");
    Task task = add(5, MINUTE);
    Await.until("progress is told", LIMIT, () -> !queue.held().isEmpty());
    HeldLease held = queue.held().getFirst();
    assertThat(held.id()).isEqualTo(task.id());
    assertThat(held.progress()).isEqualTo(half);
  }

  @Test
  void aSettleIsRepeatedUntilItIsAnswered() throws Exception {
    handler.body = (_, _) -> DONE;
    queue.refuseSettles(3);
    start();
    Task task = add(5, MINUTE);
    assertThat(awaitSettled().id()).isEqualTo(task.id());
    assertThat(queue.settlesRefused()).isEqualTo(3);
  }

  @Test
  void aSettleIsGivenUpWhenTheLeaseHasEnded() throws Exception {
    handler.body = (_, _) -> DONE;
    queue.refuseSettles(Integer.MAX_VALUE);
    queue.stopExtending();
    LaneRunner running = start("lease.duration", "500ms", "lease.extend-every", "100ms");
    add(5, MINUTE);
    Await.until("it was tried", LIMIT, () -> queue.settlesRefused() > 0);
    Await.until("it is given up", LIMIT, () -> running.running() == 0);
    assertThat(queue.settled()).isEmpty();
  }

  @Test
  void whatRunsGoesOnWhileTheStoreIsAwayAndIsSettledOnceItIsBack() throws Exception {
    queue.stopExtending();
    queue.refuseSettles(Integer.MAX_VALUE);
    LaneRunner running = start(true, "lease.duration", "500ms", "lease.extend-every", "100ms");
    Task task = add(5, MINUTE);
    Task ending = add(5, MINUTE);
    awaitBegun(task);
    awaitBegun(ending);
    // Four a second: its lease has long ended.
    Await.until("it is away", LIMIT, () -> queue.extensionsRefused() >= 4);
    assertThat(handler.interrupted(task)).isFalse();
    handler.open.countDown();
    Await.until("results wait", LIMIT, () -> queue.settlesRefused() >= 4);
    assertThat(running.running()).isEqualTo(2);
    queue.goOnExtending();
    queue.refuseSettles(0);
    Await.until("both are settled", LIMIT, () -> queue.settled().size() == 2);
    assertThat(queue.settled())
        .extracting(SettleTask::id)
        .containsExactlyInAnyOrder(task.id(), ending.id());
  }

  @Test
  void aStopWaitsForNoStoreThatIsAway() throws Exception {
    handler.body = (_, _) -> DONE;
    queue.stopExtending();
    queue.refuseSettles(Integer.MAX_VALUE);
    LaneRunner running = start(true, "lease.duration", "500ms", "lease.extend-every", "100ms");
    add(5, MINUTE);
    Await.until("it is away", LIMIT, () -> queue.extensionsRefused() >= 4);
    running.stopLeasing();
    Await.until("it is given up", LIMIT, () -> running.running() == 0);
    assertThat(queue.settled()).isEmpty();
  }

  @Test
  void aLeaseThatCannotBeExtendedStopsTheRun() throws Exception {
    queue.stopExtending();
    LaneRunner running = start("lease.duration", "500ms", "lease.extend-every", "100ms");
    Task task = add(5, MINUTE);
    awaitBegun(task);
    Await.until("nothing runs", LIMIT, () -> running.running() == 0);
    assertThat(handler.interrupted(task)).isTrue();
    assertThat(queue.settled()).isEmpty();
  }

  @Test
  void aStopGivesBackUncountedWhatDoesNotFinish() throws Exception {
    LaneRunner running = start();
    Task task = add(5, MINUTE);
    awaitBegun(task);
    running.stopLeasing();
    running.drain(Duration.ofMillis(100));
    assertThat(awaitSettled().outcome()).isEqualTo(new Outcome.Postpone(Duration.ZERO));
    assertThat(handler.interrupted(task)).isTrue();
    assertThat(running.running()).isZero();
    add(5, MINUTE);
    assertThat(queue.waiting()).as("nothing more is leased").hasSize(1);
  }

  @Test
  void aStopLetsFinishWhatFinishesInTime() throws Exception {
    LaneRunner running = start();
    Task task = add(5, MINUTE);
    awaitBegun(task);
    running.stopLeasing();
    handler.open.countDown();
    running.drain(LIMIT);
    assertThat(awaitSettled().outcome()).isSameAs(DONE);
    assertThat(handler.interrupted(task)).isFalse();
  }

  @Test
  void whatIsLeasedAsItStopsIsGivenBackWithoutBeginning() throws Exception {
    queue.letWait();
    LaneRunner running = start();
    Await.until("it asks for work", LIMIT, () -> queue.asking() > 0);
    running.stopLeasing();
    Task task = add(5, MINUTE);
    assertThat(awaitSettled().outcome()).isEqualTo(new Outcome.Postpone(Duration.ZERO));
    assertThat(handler.begun).doesNotContainKey(task);
    add(9, MINUTE); // so that who asks for urgent work need not wait for long
  }

  @Test
  void aHandlerThatThrowsHasFailedAndMayBeTriedAgain() throws Exception {
    handler.body =
        (_, _) -> {
          throw new IllegalStateException("broken");
        };
    start();
    add(5, MINUTE);
    assertThat(awaitSettled().outcome())
        .isInstanceOfSatisfying(
            Outcome.Retry.class,
            retry -> {
              assertThat(retry.error().code()).isEqualTo(Code.HANDLER_FAILED);
              assertThat(retry.error().message()).contains("broken");
            });
  }

  @Test
  void urgentWorkRunsThoughTheHandIsFullOfLessUrgentWork() throws Exception {
    LaneRunner running = start();
    for (int i = 0; i < 5; i++) {
      add(3, MINUTE);
    }
    Await.until("the slots are full", LIMIT, () -> running.running() == 4);
    assertThat(queue.waiting()).hasSize(1);
    Task urgent = add(7, MINUTE);
    awaitBegun(urgent);
    assertThat(running.running()).isEqualTo(5);
    assertThat(queue.waiting()).as("the other bulk work waits").hasSize(1);
  }

  @Test
  void suspectsRunApartWhileAllElseGoesOnHere() throws Exception {
    start();
    Task suspect = addSuspect();
    Task another = addSuspect();
    Task third = addSuspect();
    Await.until("two run apart", LIMIT, () -> apart.begun.size() == 2);
    assertThat(apart.begun).containsExactlyInAnyOrder(suspect, another);
    for (int i = 0; i < 4; i++) {
      awaitBegun(add(5, MINUTE));
    }
    Task urgent = add(10, MINUTE);
    awaitBegun(urgent);
    assertThat(handler.begun).as("suspects run nowhere else").doesNotContainKey(suspect);
    assertThat(queue.waiting()).as("there is no more room there").containsExactly(third);

    apart.add(1);
    Await.until("the third has a place", LIMIT, () -> apart.begun.contains(third));
    apart.open.countDown();
    handler.open.countDown();
    Await.until("all are settled", LIMIT, () -> queue.settled().size() == 8);
  }

  @Test
  void aSuspectsLeaseIsKeptAndItsCancelStopsIt() throws Exception {
    LaneRunner running = start("lease.duration", "3s", "lease.extend-every", "50ms");
    Task suspect = addSuspect();
    Await.until("it runs", LIMIT, () -> !apart.begun.isEmpty());
    Await.until("its lease is extended", LIMIT, () -> !queue.held().isEmpty());
    assertThat(queue.held().getFirst().id()).isEqualTo(suspect.id());
    running.cancel(suspect.id());
    Await.until("it has stopped", LIMIT, () -> running.running() == 0);
    assertThat(queue.settled()).isEmpty();
  }

  @Test
  void aHandlersOwnLimitHoldsForUrgentWorkToo() throws Exception {
    handler.concurrency = 2;
    LaneRunner running = start();
    for (int i = 0; i < 4; i++) {
      add(3, MINUTE);
    }
    Await.until("the slots are full", LIMIT, () -> running.running() == 2);
    Task urgent = add(10, MINUTE);
    handler.body = (_, _) -> DONE;
    handler.open.countDown();
    Await.until("all are settled", LIMIT, () -> queue.settled().size() == 5);
    assertThat(queue.settled().getFirst().id())
        .as("what comes first is one of those that were in flight")
        .isNotEqualTo(urgent.id());
  }

  @Test
  void aCancelledRunThatGoesOnKeepsItsPlaceWhenItsTaskComesAgain() throws Exception {
    handler.concurrency = 1;
    handler.body =
        (_, _) -> {
          while (true) {
            try {
              handler.open.await();
              return DONE;
            } catch (InterruptedException e) {
              // Does not heed it.
            }
          }
        };
    LaneRunner running = start();
    Task task = add(5, MINUTE);
    awaitBegun(task);
    running.cancel(task.id());
    queue.add(task);
    assertThat(running.running()).isEqualTo(1);
    assertThat(queue.waiting()).as("its new run has to wait for the old one").hasSize(1);
    handler.open.countDown();
    Await.until("the new run is settled, and only it", LIMIT, () -> queue.settled().size() == 1);
    Await.until("both have left", LIMIT, () -> running.running() == 0);
    assertThat(queue.settled()).hasSize(1);
  }

  @Test
  void aRunThatIgnoresTheInterruptIsToldThatItShouldStop() throws Exception {
    var before = new ConcurrentHashMap<Task, Boolean>();
    handler.body =
        (task, control) -> {
          before.put(task, control.stopped());
          while (!control.stopped()) {
            Thread.interrupted();
            Thread.onSpinWait();
          }
          return new Outcome.Postpone(MINUTE);
        };
    start();
    Task task = add(5, Duration.ofMillis(100));
    assertThat(awaitSettled().outcome())
        .isInstanceOfSatisfying(
            Outcome.Retry.class, retry -> assertThat(retry.error().code()).isEqualTo(Code.TIMEOUT));
    assertThat(before).containsEntry(task, false);
  }

  @Test
  void whatARunLogsCarriesItsTask() throws Exception {
    var seen = new ConcurrentHashMap<Task, String>();
    handler.body =
        (task, _) -> {
          seen.put(task, MDC.get("task"));
          return DONE;
        };
    start();
    Task task = add(5, MINUTE);
    awaitSettled();
    assertThat(seen).containsEntry(task, task.id().value());
  }

  private static EndedChildren page(boolean more, int open, TaskId... ids) {
    return new EndedChildren(
        Arrays.stream(ids)
            .map(id -> new EndedChildren.Child(id, id.value(), TaskState.COMPLETED, null, null))
            .toList(),
        more,
        open);
  }

  @Test
  void aCheckpointTravelsWithAnExtensionAndOnceUnlessItChanges() throws Exception {
    handler.body =
        (task, control) -> {
          control.checkpoint(new byte[] {1});
          control.checkpoint(new byte[] {2});
          return handler.last(task, control);
        };
    start("lease.extend-every", "50ms");
    add(5, MINUTE);
    Await.until("it is extended often", LIMIT, () -> queue.held().size() > 3);
    List<HeldLease> told = queue.held().stream().filter(held -> held.checkpoint() != null).toList();
    assertThat(told).hasSize(1);
    assertThat(Objects.requireNonNull(told.getFirst().checkpoint()).state()).containsExactly(2);
  }

  @Test
  void whatAnEarlierRunLeftIsThereForTheNext() throws Exception {
    queue.left(new byte[] {7});
    handler.body =
        (_, control) ->
            new Outcome.Done(TaskOutput.of(Objects.requireNonNull(control.checkpoint())[0]));
    start();
    add(5, MINUTE);
    assertThat(awaitSettled().outcome())
        .isInstanceOfSatisfying(
            Outcome.Done.class,
            done -> assertThat(done.output().bytes()).asString().isEqualTo("7"));
  }

  @Test
  void anOutcomeThatLeadsToAnotherRunTakesTheCheckpointAlong() throws Exception {
    TaskId child = TaskId.random();
    handler.body =
        (_, control) -> {
          control.checkpoint(new byte[] {1}, List.of(child));
          control.checkpoint(new byte[] {3});
          return new Outcome.Await(List.of(), 0, null, false, null);
        };
    start();
    add(5, MINUTE);
    Checkpoint left = Objects.requireNonNull(awaitSettled().checkpoint());
    assertThat(left.state()).containsExactly(3);
    assertThat(left.read()).containsExactly(child);
  }

  @Test
  void aTaskThatWillWaitTellsFirstHowFarItIs() throws Exception {
    var half = new Progress(1, 2, "half");
    handler.body =
        (_, control) -> {
          control.progress(half);
          return new Outcome.Await(List.of(), 0, null, false, null);
        };
    start("lease.extend-every", "10s");
    add(5, MINUTE);
    awaitSettled();
    assertThat(queue.held()).extracting(HeldLease::progress).containsExactly(half);
  }

  @Test
  void aResultTakesNoCheckpointAlong() throws Exception {
    handler.body =
        (_, control) -> {
          control.checkpoint(new byte[] {1});
          return DONE;
        };
    start();
    add(5, MINUTE);
    assertThat(awaitSettled().checkpoint()).isNull();
  }

  @Test
  void aRunThatIsGivenBackLeavesItsCheckpoint() throws Exception {
    handler.body =
        (task, control) -> {
          control.checkpoint(new byte[] {4});
          return handler.last(task, control);
        };
    LaneRunner running = start();
    awaitBegun(add(5, MINUTE));
    running.stopLeasing();
    running.drain(Duration.ofMillis(100));
    SettleTask settled = awaitSettled();
    assertThat(settled.outcome()).isEqualTo(new Outcome.Postpone(Duration.ZERO));
    assertThat(Objects.requireNonNull(settled.checkpoint()).state()).containsExactly(4);
  }

  @Test
  void anAwaitThatComesAfterTheTimeLimitIsAFailedAttempt() throws Exception {
    handler.body =
        (_, control) -> {
          control.checkpoint(new byte[] {5});
          while (!control.stopped()) {
            Thread.onSpinWait();
          }
          return new Outcome.Await(List.of(), 0, null, false, new byte[] {6});
        };
    start();
    add(5, Duration.ofMillis(100));
    SettleTask settled = awaitSettled();
    assertThat(settled.outcome()).isInstanceOf(Outcome.Retry.class);
    assertThat(Objects.requireNonNull(settled.checkpoint()).state()).containsExactly(5);
  }

  @Test
  void longCheckpointsAreToldInSeveralExtensions() throws Exception {
    handler.body =
        (task, control) -> {
          control.checkpoint(new byte[TaskHandler.Control.MAX_CHECKPOINT]);
          return handler.last(task, control);
        };
    start("inference.tasks-in-hand", "20", "lease.extend-every", "10s");
    for (int i = 0; i < 20; i++) {
      add(5, MINUTE);
    }
    Await.until(
        "all are told",
        LIMIT,
        () -> queue.held().stream().filter(held -> held.checkpoint() != null).count() == 20);
    assertThat(queue.extensions()).allSatisfy(said -> assertThat(said).hasSizeLessThanOrEqualTo(8));
  }

  @Test
  void aRunIsToldOfItsChildrenPageAfterPageAndWaitsForTheAnswer() throws Exception {
    TaskId first = TaskId.random();
    TaskId second = TaskId.random();
    queue.page(page(true, 3, first));
    queue.page(page(false, 1, second));
    queue.refuseChildren();
    handler.body =
        (_, control) -> {
          EndedChildren one = control.children(1);
          EndedChildren two = control.children(5_000);
          return Outcome.done(List.of(one.open(), two.open(), two.children().size()));
        };
    start();
    Task task = add(5, MINUTE);
    SettleTask settled = awaitSettled();
    assertThat(settled.outcome())
        .isInstanceOfSatisfying(
            Outcome.Done.class,
            done ->
                assertThat(done.output().bytes())
                    .as("what ends meanwhile is told to the next run")
                    .asString()
                    .isEqualTo("[3,3,1]"));
    assertThat(queue.childrenAsked())
        .containsExactly(
            new FindChildren(task.id(), settled.token(), null, 1),
            new FindChildren(task.id(), settled.token(), first, 1_000));
  }
}
