package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.taskWith;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Event;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.CancelResult;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryResult;
import dev.penstock.core.TaskFilter;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ManualChangesTest {
  private static final TaskFilter ALL = TaskFilter.of("owner");
  private static final Outcome DONE =
      new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, new byte[] {'1'}));
  private static final Outcome REJECTED = new Outcome.Reject(Rig.ERROR);

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  private TaskState state(TaskSpec spec) {
    return rig.store.find(spec.id()).orElseThrow().state();
  }

  private CancelResult cancel(TaskSpec spec) {
    return rig.byHand.cancel(new CancelTask(spec.id()));
  }

  private RetryResult retry(TaskSpec spec) {
    return rig.byHand.retry(new RetryTask(spec.id()));
  }

  @Test
  void whoWaitsForACancelledTaskIsTold() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    assertThat(cancel(spec)).isInstanceOf(CancelResult.Now.class);

    Task told = ((Event.TaskSettled) rig.nextTold()).task();
    assertThat(told.id()).isEqualTo(spec.id());
    assertThat(told.state()).isEqualTo(TaskState.CANCELLED);
    assertThat(rig.lease(LANE)).isEmpty();
  }

  @Test
  void whoWaitsIsToldOfACancelWhoseAnswerWasLost() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.lease(LANE);
    var byHand =
        new ManualChanges(
            Faulty.losingTheFirstAnswer(rig.store, "cancel"), rig.dispatcher, rig.families);

    assertThat(byHand.cancel(new CancelTask(spec.id()))).isInstanceOf(CancelResult.Ended.class);
    assertThat(((Event.TaskSettled) rig.nextTold()).task().id()).isEqualTo(spec.id());
  }

  @Test
  void theWorkerOfACancelledTaskIsToldAndItsResultIsRefused() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    LeasedTask leased = rig.lease(LANE).getFirst();
    cancel(spec);

    assertThat(List.of(rig.nextTold(), rig.nextTold()))
        .hasAtLeastOneElementOfType(Event.TaskSettled.class)
        .contains(new Event.RunCancelled(spec.id()));
    assertThat(rig.settle(leased, DONE)).isEqualTo(SettleReply.STALE);
    assertThat(state(spec)).isEqualTo(TaskState.CANCELLED);
  }

  @Test
  void whatHasEndedOrIsUnknownIsNotCancelled() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.settle(rig.lease(LANE).getFirst(), DONE);

    assertThat(cancel(spec)).isInstanceOf(CancelResult.Ended.class);
    assertThat(rig.byHand.cancel(new CancelTask(TaskId.random())))
        .isEqualTo(new CancelResult.Unknown());
    assertThat(state(spec)).isEqualTo(TaskState.COMPLETED);
  }

  @Test
  void aRetriedTaskIsLeasedAgain() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    rig.settle(rig.lease(LANE).getFirst(), REJECTED);
    RetryResult.Now now = (RetryResult.Now) retry(spec);
    assertThat(now.task().spec().input()).isEmpty();
    assertThat(rig.settle(rig.lease(LANE).getFirst(), DONE)).isEqualTo(SettleReply.SETTLED);

    assertThat(retry(spec)).isInstanceOf(RetryResult.Otherwise.class);
    assertThat(rig.byHand.retry(new RetryTask(TaskId.random())))
        .isEqualTo(new RetryResult.Unknown());
    assertThat(state(spec)).isEqualTo(TaskState.COMPLETED);
  }

  @Test
  void aRunThatWasCancelledAndRetriedIsLeasedAgainWhileItsOldWorkerGoesOn() throws Exception {
    TaskSpec spec = task();
    rig.submit(spec);
    LeasedTask old = rig.lease(LANE).getFirst();
    cancel(spec);
    retry(spec);
    LeasedTask anew = rig.lease(LANE).getFirst();

    assertThat(rig.settle(old, REJECTED)).isEqualTo(SettleReply.STALE);
    assertThat(rig.settle(anew, DONE)).isEqualTo(SettleReply.SETTLED);
  }

  @Test
  void aFilterCancelsWhatHasNotEndedOfItsOwner() throws Exception {
    TaskSpec done = task();
    rig.submit(done);
    rig.settle(rig.lease(LANE).getFirst(), DONE);
    TaskSpec running = task();
    rig.submit(running);
    rig.lease(LANE);
    TaskSpec scheduled = taskAt(rig.clock.instant().plusSeconds(60));
    TaskSpec others = TestTasks.of("another", task());
    rig.submit(scheduled, others);
    List<TaskSpec> many = tasks(600);
    rig.submit(many.toArray(TaskSpec[]::new));

    assertThat(rig.byHand.cancel(new CancelTasks(ALL))).isEqualTo(new Swept(602, false));
    assertThat(rig.store.findAll(ids(many)).values())
        .allMatch(task -> task.state() == TaskState.CANCELLED);
    assertThat(state(running)).isEqualTo(TaskState.CANCELLED);
    assertThat(state(scheduled)).isEqualTo(TaskState.CANCELLED);
    assertThat(state(done)).isEqualTo(TaskState.COMPLETED);
    assertThat(state(others)).isEqualTo(TaskState.PENDING);
    assertThat(rig.byHand.cancel(new CancelTasks(ALL))).isEqualTo(new Swept(0, false));
  }

  @Test
  void aFilterRetriesWhatEndedBadly() throws Exception {
    TaskSpec failed = task();
    TaskSpec cancelled = task();
    TaskSpec done = task();
    rig.submit(done);
    rig.settle(rig.lease(LANE).getFirst(), DONE);
    rig.submit(failed);
    rig.settle(rig.lease(LANE).getFirst(), REJECTED);
    rig.submit(cancelled);
    cancel(cancelled);

    assertThat(rig.byHand.retry(new RetryTasks(ALL.in(Set.of(TaskState.COMPLETED)))))
        .isEqualTo(new Swept(0, false));
    assertThat(rig.byHand.retry(new RetryTasks(ALL.in(Set.of(TaskState.FAILED)))))
        .isEqualTo(new Swept(1, false));
    assertThat(rig.byHand.retry(new RetryTasks(ALL))).isEqualTo(new Swept(1, false));
    assertThat(rig.lease(LANE))
        .extracting(leased -> leased.task().id())
        .containsExactly(failed.id(), cancelled.id());
  }

  @Test
  void aScheduledTaskThatIsCancelledAndRetriedStillRunsAtItsTimeAlone() throws Exception {
    Instant at = rig.clock.instant().plus(Duration.ofDays(3));
    TaskSpec one = taskAt(at);
    TaskSpec other = taskAt(at);
    TaskSpec plain = task();
    rig.submit(one, other, plain);
    rig.byHand.cancel(new CancelTasks(ALL));
    rig.enqueued.clear();

    RetryResult.Now now = (RetryResult.Now) retry(one);
    assertThat(now.task().spec().runAt()).isEqualTo(at);
    assertThat(rig.byHand.retry(new RetryTasks(ALL))).isEqualTo(new Swept(2, false));
    assertThat(rig.enqueued).extracting(TaskSpec::id).containsExactly(plain.id());
    assertThat(rig.lease(LANE))
        .extracting(leased -> leased.task().id())
        .containsExactly(plain.id());
    var scheduler = new Scheduler(rig.store, rig.dispatcher);
    scheduler.run();
    assertThat(rig.lease(LANE)).isEmpty();
    rig.clock.advance(Duration.ofDays(3));
    scheduler.run();
    assertThat(rig.lease(LANE))
        .extracting(leased -> leased.task().id())
        .containsExactlyInAnyOrder(one.id(), other.id());
  }

  @Test
  void aSearchThatStoppedAtItsLimitSaysSo() {
    rig.submit(taskWith(Map.of("a", "needle"), bytes("{}")));
    List<TaskSpec> specs = tasks(TaskStore.SEARCHED);
    for (int i = 0; i < specs.size(); i += 1_000) {
      rig.store.insert(specs.subList(i, i + 1_000));
    }
    TaskFilter filter = new TaskFilter("owner", Set.of(), null, null, "needle");

    assertThat(rig.byHand.cancel(new CancelTasks(filter))).isEqualTo(new Swept(0, false, true));
  }

  @Test
  void moreTasksThanAreRetriedAtATimeAreAllRetried() {
    List<TaskSpec> specs = tasks(50);
    rig.submit(specs.toArray(TaskSpec[]::new));
    rig.byHand.cancel(new CancelTasks(ALL));

    assertThat(rig.byHand.retry(new RetryTasks(ALL))).isEqualTo(new Swept(50, false));
    assertThat(rig.store.findAll(ids(specs)).values())
        .allMatch(task -> task.state() == TaskState.PENDING);
  }

  @Test
  void aPurgedLaneHasNothingThatWaits() throws Exception {
    TaskSpec running = task();
    rig.submit(running);
    rig.lease(LANE);
    TaskSpec other = task(new Lane("ping", null));
    rig.submit(other, taskAt(rig.clock.instant().plusSeconds(60)));
    rig.submit(tasks(700).toArray(TaskSpec[]::new));

    assertThat(rig.byHand.purge(new PurgeLane(LANE))).isEqualTo(new Swept(701, false));
    assertThat(rig.lease(LANE)).isEmpty();
    assertThat(state(running)).isEqualTo(TaskState.PROCESSING);
    assertThat(state(other)).isEqualTo(TaskState.PENDING);
  }
}
