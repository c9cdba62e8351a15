package dev.penstock.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Submitted;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryPolicy;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.ForwardingQueue;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DispatcherTest {
  private static final Lane LANE = new Lane("ping", null);
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration MARGIN = Duration.ofSeconds(10);
  private static final TaskOutput OUTPUT =
      new TaskOutput(TaskOutput.Format.JSON, "{}".getBytes(StandardCharsets.UTF_8));
  private static final TaskError ERROR = new TaskError(TaskError.Code.HANDLER_FAILED, "it broke");

  @TempDir Path folder;
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-22T12:00:00Z"));
  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "test-node");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private SqliteDatabase database;
  private TaskStore store;
  private TaskQueue queue;
  private Dispatcher dispatcher;
  private Submissions submissions;
  private final AtomicLong mostBytes = new AtomicLong(Long.MAX_VALUE);
  private StoreRoom room;
  private Recorder recorder;
  private final Absence absence =
      new Absence(LEASE, Duration.ofSeconds(10), () -> now.get().getEpochSecond() * 1_000_000_000L);

  @BeforeEach
  void open() {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    store = Storage.in(database, now::get).tasks();
    queue = Storage.in(database, InstantSource.system()).queue();
    recorder = new Recorder(new Meters(registry), now::get);
    dispatcher = dispatcher(queue);
    room = new StoreRoom(store, mostBytes::get, () -> true, System::nanoTime);
    submissions = new Submissions(store, queue, recorder, now::get, new Unsent(store, queue), room);
  }

  private Dispatcher dispatcher(TaskQueue over) {
    return new Dispatcher(
        store,
        over,
        bus,
        new Meters(registry),
        recorder,
        new Pauses(store, _ -> {}),
        new Settlements(
            store,
            new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(60)),
            new ChildSpecs((lane, _) -> lane, now::get),
            3,
            () -> false),
        new Families(store, over, recorder, new Unsent(store, over)),
        LEASE,
        now::get,
        new Unsent(store, over));
  }

  @AfterEach
  void close() throws Exception {
    queue.close();
    database.close();
    vertx.close().toCompletionStage().toCompletableFuture().get();
  }

  private TaskSpec spec(int maxAttempts) {
    return new TaskSpec(
        TaskId.random(),
        new TaskSpec.Work(LANE, Priority.TASK, "{\"n\":1}".getBytes(StandardCharsets.UTF_8), null),
        new TaskSpec.Limits(maxAttempts, Duration.ofMinutes(10)),
        new TaskSpec.Retention(Duration.ofHours(1), Duration.ofDays(7)),
        new TaskSpec.Origin("default", Map.of(), null, null));
  }

  private static TaskError.Code refusal(Submitted submitted) {
    return ((Submission.Refused) submitted.answers().getFirst()).error().code();
  }

  private TaskId submit(int maxAttempts) {
    TaskSpec spec = spec(maxAttempts);
    assertThat(submissions.submit(new SubmitTasks(List.of(spec))).answers())
        .hasSize(1)
        .hasOnlyElementsOfType(Submission.Accepted.class);
    return spec.id();
  }

  private Leased lease(boolean alone) throws InterruptedException {
    return lease(alone ? Suspects.TAKE : Suspects.SHOW);
  }

  private Leased lease(Suspects suspects) throws InterruptedException {
    return dispatcher.lease(
        new LeaseTasks(
            "worker", LANE, 10, 1 << 20, Priority.LOWEST, suspects, Duration.ofMillis(1)));
  }

  private LeasedTask leaseOne() throws InterruptedException {
    List<LeasedTask> tasks = lease(false).tasks();
    assertThat(tasks).hasSize(1);
    return tasks.getFirst();
  }

  private SettleReply settle(LeasedTask leased, Outcome outcome) {
    return dispatcher
        .settle(List.of(new SettleTask(leased.task().id(), null, leased.lease().token(), outcome)))
        .getFirst();
  }

  private Task find(TaskId id) {
    return store.find(id).orElseThrow();
  }

  private void sweep(int maxLost) {
    sweep(maxLost, Living.UNKNOWN);
  }

  private void sweep(int maxLost, Living living) {
    new Sweeper(store, dispatcher, MARGIN, maxLost, absence, () -> Optional.of(living)).run();
  }

  private void pass(Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      now.updateAndGet(instant -> instant.plusSeconds(1));
      absence.answered();
    }
    now.updateAndGet(instant -> instant.plusNanos(time.toNanosPart()));
  }

  @Test
  void aTaskGoesFromSubmitToItsResult() throws Exception {
    TaskId id = submit(3);
    assertThat(find(id).state()).isEqualTo(TaskState.PENDING);
    LeasedTask leased = leaseOne();
    assertThat(find(id).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(settle(leased, new Outcome.Done(OUTPUT))).isEqualTo(SettleReply.SETTLED);
    Task done = find(id);
    assertThat(done.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(done.attempts()).isEqualTo(1);
    assertThat(done.output()).isNotNull();
    assertThat(lease(false).tasks()).isEmpty();
  }

  @Test
  void aFailedAttemptIsTriedAgainAfterItsBackOffUntilNoneAreLeft() throws Exception {
    TaskId id = submit(3);
    for (int attempt = 1; attempt <= 2; attempt++) {
      settle(leaseOne(), new Outcome.Retry(ERROR));
      assertThat(find(id).state()).isEqualTo(TaskState.PENDING);
      assertThat(find(id).attempts()).isEqualTo(attempt);
      pass(Duration.ofMinutes(2));
      new Scheduler(store, dispatcher).run();
    }
    settle(leaseOne(), new Outcome.Retry(ERROR));
    Task failed = find(id);
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(failed.attempts()).isEqualTo(3);
    assertThat(failed.error()).isEqualTo(ERROR);
  }

  @Test
  void aRejectedInputIsNeverTriedAgain() throws Exception {
    TaskId id = submit(3);
    settle(leaseOne(), new Outcome.Reject(ERROR));
    assertThat(find(id).state()).isEqualTo(TaskState.FAILED);
    assertThat(find(id).attempts()).isEqualTo(1);
  }

  @Test
  void aPostponedTaskComesBackAndSpendsNoAttempt() throws Exception {
    TaskId id = submit(1);
    settle(leaseOne(), new Outcome.Postpone(Duration.ZERO));
    assertThat(find(id).attempts()).isZero();
    settle(leaseOne(), new Outcome.Postpone(Duration.ofSeconds(5)));
    assertThat(lease(false).tasks()).isEmpty();
    pass(Duration.ofSeconds(6));
    new Scheduler(store, dispatcher).run();
    settle(leaseOne(), new Outcome.Done(OUTPUT));
    assertThat(find(id).state()).isEqualTo(TaskState.COMPLETED);
  }

  @Test
  void aZombiesLateResultIsRefusedAndTheOtherWorkersCounts() throws Exception {
    TaskId id = submit(3);
    LeasedTask zombie = leaseOne();
    pass(LEASE.plus(MARGIN).plusSeconds(1));
    sweep(10);
    LeasedTask other = lease(true).tasks().getFirst();
    assertThat(settle(zombie, new Outcome.Retry(ERROR))).isEqualTo(SettleReply.STALE);
    assertThat(find(id).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(settle(other, new Outcome.Done(OUTPUT))).isEqualTo(SettleReply.SETTLED);
    assertThat(settle(zombie, new Outcome.Retry(ERROR))).isEqualTo(SettleReply.STALE);
    assertThat(find(id).state()).isEqualTo(TaskState.COMPLETED);
    assertThat(registry.counter("penstock.settles.stale").count()).isEqualTo(2);
  }

  /** Notes what is acknowledged. */
  private static final class Acks extends ForwardingQueue {
    private final List<Delivery> acked = new ArrayList<>();

    private Acks(TaskQueue real) {
      super(real);
    }

    @Override
    public void ack(List<Delivery> deliveries) {
      acked.addAll(deliveries);
      real.ack(deliveries);
    }
  }

  @Test
  void aGiveBackThatIsRepeatedLeavesTheReadyTaskItsMessage() throws Exception {
    var acks = new Acks(queue);
    dispatcher = dispatcher(acks);
    TaskId id = submit(3);
    LeasedTask leased = leaseOne();
    String token = leased.lease().token();
    var givenBack = new Ending.Returned(Duration.ZERO);
    // It took effect, but its answer was lost.
    assertThat(store.settle(List.of(new Settle(id, token, givenBack))))
        .hasOnlyElementsOfType(Settled.Now.class);
    assertThat(settle(leased, new Outcome.Postpone(Duration.ZERO))).isEqualTo(SettleReply.REPEATED);
    assertThat(acks.acked).isEmpty();
    assertThat(settle(leaseOne(), new Outcome.Done(OUTPUT))).isEqualTo(SettleReply.SETTLED);
    assertThat(acks.acked).extracting(Delivery::id).containsExactly(id);
  }

  private SettleReply putOff(LeasedTask leased, Duration delay) {
    var postponed =
        new SettleTask(
            leased.task().id(),
            null,
            leased.lease().token(),
            new Outcome.Postpone(delay),
            null,
            true);
    return dispatcher.settle(List.of(postponed.fromFar())).getFirst();
  }

  @Test
  void aWorkerFarAwayThatPutsATaskOffForEverSpendsItsAttempts() throws Exception {
    TaskId id = submit(2);
    int times = 0;
    while (find(id).attempts() == 0) {
      assertThat(putOff(leaseOne(), Duration.ZERO)).isEqualTo(SettleReply.SETTLED);
      assertThat(++times).as("there is a bound").isLessThan(2_000);
    }
    assertThat(times).isEqualTo(1_001);
    assertThat(requireNonNull(find(id).error()).code()).isEqualTo(TaskError.Code.OVERLOADED);
    pass(Duration.ofMinutes(1));
    new Scheduler(store, dispatcher).run();
    assertThat(putOff(leaseOne(), Duration.ofDays(30))).isEqualTo(SettleReply.SETTLED);
    assertThat(find(id).state()).isEqualTo(TaskState.PENDING);
    now.updateAndGet(instant -> instant.plus(Duration.ofDays(31)));
    new Scheduler(store, dispatcher).run();
    assertThat(putOff(leaseOne(), Duration.ofDays(30))).isEqualTo(SettleReply.SETTLED);
    assertThat(find(id).state()).isEqualTo(TaskState.FAILED);
    assertThat(requireNonNull(find(id).error()).message()).contains("1,000 times", "30 days");
  }

  @Test
  void aNodeThatHasNoRoomMayPutATaskOffForAsLongAsThatLasts() throws Exception {
    TaskId id = submit(1);
    for (int i = 0; i < 1_200; i++) {
      settle(leaseOne(), new Outcome.Postpone(Duration.ZERO));
    }
    assertThat(find(id).attempts()).isZero();
  }

  @Test
  void aRepeatedSettleChangesNothing() throws Exception {
    TaskId id = submit(3);
    LeasedTask leased = leaseOne();
    settle(leased, new Outcome.Done(OUTPUT));
    assertThat(settle(leased, new Outcome.Reject(ERROR))).isEqualTo(SettleReply.REPEATED);
    assertThat(find(id).state()).isEqualTo(TaskState.COMPLETED);
  }

  @Test
  void anExtendedLeaseIsNotLost() throws Exception {
    TaskId id = submit(3);
    LeasedTask leased = leaseOne();
    for (int i = 0; i < 5; i++) {
      pass(Duration.ofSeconds(20));
      var held = new HeldLease(id, leased.lease().token(), null);
      assertThat(dispatcher.extend(new ExtendLeases("worker", List.of(held)))).isEmpty();
      sweep(10);
    }
    assertThat(settle(leased, new Outcome.Done(OUTPUT))).isEqualTo(SettleReply.SETTLED);
    assertThat(find(id).lost()).isZero();
  }

  @Test
  void aTaskThatTwoProcessesDiedOfWaitsForAWorkerThatRunsItApart() throws Exception {
    TaskId id = submit(3);
    for (int deaths = 0; deaths < LeasedTask.SUSPECT; deaths++) {
      leaseOne();
      pass(LEASE.plus(MARGIN).plusSeconds(1));
      sweep(10, new Living(true, Map.of()));
    }
    TaskId neighbour = submit(3);
    Leased together = lease(false);
    assertThat(together.suspectWaiting()).isTrue();
    assertThat(together.tasks())
        .extracting(leased -> leased.task().id())
        .containsExactly(neighbour);
    submit(3);
    Leased apart = lease(Suspects.APART);
    assertThat(apart.tasks()).as("and nothing else").hasSize(1);
    assertThat(apart.tasks().getFirst().task().id()).isEqualTo(id);
    assertThat(apart.tasks().getFirst().suspect()).isTrue();
    assertThat(find(id).attempts()).isZero();
  }

  @Test
  void aTaskThatKilledItsProcessAloneRunsAgainAndFailsAfterItsLastDeath() throws Exception {
    TaskId id = submit(1);
    var died = new Outcome.Retry(new TaskError(TaskError.Code.LEASE_LOST, "signal 11"));
    for (int deaths = 1; deaths <= 4; deaths++) {
      assertThat(find(id).state()).isEqualTo(TaskState.PENDING);
      assertThat(settle(lease(true).tasks().getFirst(), died)).isEqualTo(SettleReply.SETTLED);
    }
    Task failed = find(id);
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(failed.error()).isEqualTo(died.error());
    assertThat(failed.lost()).isEqualTo(4);
    assertThat(failed.attempts()).isZero();
  }

  @Test
  void aTaskThatLosesTooManyLeasesFails() throws Exception {
    TaskId id = submit(3);
    leaseOne();
    for (int lost = 1; lost <= 3; lost++) {
      pass(LEASE.plus(MARGIN).plusSeconds(1));
      sweep(2);
      lease(true);
    }
    Task failed = find(id);
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(failed.error()).extracting(TaskError::code).isEqualTo(TaskError.Code.LEASE_LOST);
    assertThat(failed.attempts()).isZero();
  }

  @Test
  void leasesThatLapsedWhileTheStoreWasAwayAreHeldOnceItIsBack() throws Exception {
    TaskId id = submit(3);
    LeasedTask leased = leaseOne();
    absence.notExtended();
    pass(LEASE.plus(MARGIN).plusSeconds(15));
    sweep(2);
    assertThat(find(id).state()).as("nobody could say so").isEqualTo(TaskState.PROCESSING);
    absence.extended();
    pass(LEASE.minusSeconds(1));
    sweep(2);
    assertThat(find(id).lost()).isZero();
    assertThat(settle(leased, new Outcome.Done(OUTPUT))).isEqualTo(SettleReply.SETTLED);
  }

  @Test
  void aWorkerThatDiedWhileTheStoreWasAwayIsNoticedOneLeaseLater() throws Exception {
    TaskId id = submit(3);
    leaseOne();
    absence.notExtended();
    pass(LEASE.plus(MARGIN).plusSeconds(15));
    absence.extended();
    pass(LEASE);
    sweep(2);
    assertThat(find(id).lost()).isEqualTo(1);
  }

  @Test
  void aFullStoreTakesNoNewWork() {
    TaskSpec spec = spec(1);
    mostBytes.set(1);
    room.run();
    Submitted refused = submissions.submit(new SubmitTasks(List.of(spec)));
    assertThat(refusal(refused)).isEqualTo(TaskError.Code.OVERLOADED);
    assertThat(store.find(spec.id())).isEmpty();
    mostBytes.set(Long.MAX_VALUE);
    room.run();
    assertThat(submissions.submit(new SubmitTasks(List.of(spec))).answers())
        .hasSize(1)
        .hasOnlyElementsOfType(Submission.Accepted.class);
  }

  @Test
  void whatCannotBeClaimedGoesBackToTheQueue() throws Exception {
    submit(1);
    database.close();
    assertThatThrownBy(() -> lease(false)).isInstanceOf(Unavailable.class);
    open();
    assertThat(lease(false).tasks()).hasSize(1);
  }
}
