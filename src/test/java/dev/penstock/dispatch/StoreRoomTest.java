package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.tasks;
import static dev.penstock.storage.TestTasks.withInput;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.DeleteTask;
import dev.penstock.bus.Request.DeleteTasks;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.Submission;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Ending;
import dev.penstock.core.RetryResult;
import dev.penstock.core.TaskFilter;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Identity;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that fills: what leaves, who is refused, and what goes on. */
final class StoreRoomTest {
  private static final int LONG = 16_000;

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

  private static List<TaskSpec> longTasks(int n) {
    return IntStream.range(0, n).mapToObj(_ -> longTask()).toList();
  }

  private static TaskSpec longTask() {
    return withInput(new byte[LONG], task());
  }

  private void fail(List<TaskSpec> specs) {
    end(specs, new Ending.Failed(Rig.ERROR));
  }

  private void end(List<TaskSpec> specs, Ending ending) {
    List<Claim> claims = rig.store.claim(ids(specs), "w", Rig.LEASE, false);
    List<Settle> settles =
        claims.stream()
            .map(claim -> (Claim.Claimed) claim)
            .map(claim -> new Settle(claim.task().id(), claim.lease().token(), ending))
            .toList();
    rig.store.settle(settles);
  }

  private static TaskError.Code refusal(Submission submission) {
    return ((Submission.Refused) submission).error().code();
  }

  private int known(List<TaskSpec> specs) {
    return rig.store.findAll(ids(specs)).size();
  }

  /** From now on there is hardly less room than is used. */
  private void fill() {
    rig.fillTo(rig.store.bytes() - 1);
    pass();
  }

  /** Submits make room ten times a second at most. */
  private void pass() {
    rig.clock.advance(Duration.ofSeconds(1));
  }

  @Test
  void aStoreFullOfFailedTasksTakesNewOnesInTheirPlace() {
    List<TaskSpec> failed = longTasks(100);
    rig.submit(failed.toArray(TaskSpec[]::new));
    fail(failed);
    rig.clock.advance(Duration.ofMinutes(1));
    fill();

    assertThat(rig.submit(longTask())).hasExactlyElementsOfTypes(Submission.Accepted.class);
    assertThat(known(failed)).isLessThan(100);
    assertThat(rig.room.full()).isFalse();
    assertThat(rig.room.fullness()).isEmpty();
  }

  @Test
  void whatHasJustEndedStaysAndNewWorkIsRefusedUntilAMinuteHasPassed() {
    List<TaskSpec> failed = longTasks(100);
    rig.submit(failed.toArray(TaskSpec[]::new));
    fail(failed);
    fill();
    assertThat(refusal(rig.submit(longTask()).getFirst())).isEqualTo(TaskError.Code.OVERLOADED);
    assertThat(known(failed)).isEqualTo(100);
    assertThat(rig.room.fullness().orElseThrow()).contains("full");

    rig.clock.advance(Duration.ofMinutes(1));
    pass();
    assertThat(rig.submit(longTask())).hasExactlyElementsOfTypes(Submission.Accepted.class);
  }

  @Test
  void inputsOfCancelledTasksLeaveBeforeAnyTaskAndTheirRetryIsRefused() {
    List<TaskSpec> cancelled = longTasks(50);
    List<TaskSpec> failed = longTasks(50);
    rig.submit(cancelled.toArray(TaskSpec[]::new));
    rig.submit(failed.toArray(TaskSpec[]::new));
    fail(failed);
    rig.store.cancel(ids(cancelled));
    rig.clock.advance(Duration.ofMinutes(1));
    fill();

    assertThat(rig.submit(longTask())).hasExactlyElementsOfTypes(Submission.Accepted.class);
    assertThat(known(cancelled)).isEqualTo(50);
    assertThat(known(failed)).isEqualTo(50);
    assertThat(rig.byHand.retry(new RetryTask(cancelled.getFirst().id())))
        .isEqualTo(new RetryResult.InputGone());
    assertThat(rig.byHand.retry(new RetryTask(failed.getFirst().id())))
        .isInstanceOf(RetryResult.Now.class);
  }

  @Test
  void completedTasksLeaveThenCancelledOnesThenFailedOnes() {
    List<TaskSpec> failed = longTasks(60);
    List<TaskSpec> cancelled = longTasks(60);
    List<TaskSpec> completed = longTasks(60);
    rig.store.insert(failed);
    fail(failed);
    rig.store.insert(cancelled);
    rig.store.cancel(ids(cancelled));
    rig.store.insert(completed);
    end(completed, new Ending.Completed(json("1")));
    rig.clock.advance(Duration.ofMinutes(1));
    long all = rig.store.bytes();
    for (int tenth = 9; tenth > 0; tenth--) {
      rig.fillTo(all * tenth / 10);
      assertThat(known(cancelled) == 60 || known(completed) == 0).isTrue();
      assertThat(known(failed) == 60 || known(cancelled) == 0).isTrue();
    }
    assertThat(known(cancelled)).isZero();
    assertThat(known(failed)).isLessThan(60);
  }

  @Test
  void liveTasksStayHoweverFullItIs() {
    List<TaskSpec> live = longTasks(20);
    rig.submit(live.toArray(TaskSpec[]::new));
    rig.clock.advance(Duration.ofMinutes(5));
    rig.fillTo(1);
    assertThat(known(live)).isEqualTo(20);
    assertThat(rig.room.full()).isTrue();
  }

  @Test
  void theLastQuarterIsForOwnersWhoHoldLessThanAQuarter() {
    rig.submit(longTasks(100).toArray(TaskSpec[]::new));
    rig.fillTo(rig.store.bytes() * 10 / 9);
    pass();

    assertThat(refusal(rig.submit(longTask()).getFirst())).isEqualTo(TaskError.Code.SHARE_USED);
    assertThat(rig.submit(TestTasks.of("another", longTask())))
        .hasExactlyElementsOfTypes(Submission.Accepted.class);
    assertThat(rig.room.fullness()).as("it is not full").isEmpty();
    rig.fillTo(rig.store.bytes() * 2);
    assertThat(rig.submit(longTask())).hasExactlyElementsOfTypes(Submission.Accepted.class);
  }

  @Test
  void whatHasEndedLeavesBeforeAnOwnerIsHeldToHisShare() {
    List<TaskSpec> failed = longTasks(100);
    rig.submit(failed.toArray(TaskSpec[]::new));
    fail(failed);
    rig.submit(longTasks(100).toArray(TaskSpec[]::new));
    rig.clock.advance(Duration.ofMinutes(1));
    rig.fillTo(rig.store.bytes() * 10 / 9);
    pass();

    assertThat(rig.submit(longTask())).hasExactlyElementsOfTypes(Submission.Accepted.class);
    assertThat(known(failed)).isLessThan(100);
  }

  @Test
  void aFullStoreStillSaysWhichTaskAKeyBelongsTo() {
    Identity name = new Identity.Named("order-7", "digest");
    TaskSpec first = as(name, longTask());
    rig.submit(first);
    rig.submit(longTasks(20).toArray(TaskSpec[]::new));
    fill();
    List<Submission> answers =
        rig.submit(
            as(name, longTask()),
            as(new Identity.Named("order-7", "other"), longTask()),
            as(new Identity.Named("order-8", "digest"), longTask()));

    assertThat(((Submission.Earlier) answers.get(0)).task().id()).isEqualTo(first.id());
    assertThat(refusal(answers.get(1))).isEqualTo(TaskError.Code.IDEMPOTENCY_CONFLICT);
    assertThat(refusal(answers.get(2))).isEqualTo(TaskError.Code.OVERLOADED);
    assertThat(rig.submit(first))
        .as("its own submit once more")
        .hasExactlyElementsOfTypes(Submission.Accepted.class);
  }

  @Test
  void allThatHasExpiredGoesInOneRun() {
    for (int list = 0; list < 24; list++) {
      List<TaskSpec> specs = tasks(500);
      rig.store.insert(specs);
      rig.store.cancel(ids(specs));
    }
    rig.clock.advance(Duration.ofDays(1));
    new Expiry(rig.store).run();
    assertThat(rig.store.figures().states()).containsEntry(TaskState.CANCELLED, 0L);
  }

  @Test
  void deletedTasksMakeRoomAtOnce() {
    List<TaskSpec> failed = longTasks(30);
    rig.submit(failed.toArray(TaskSpec[]::new));
    fail(failed);
    TaskSpec live = longTask();
    rig.submit(live);
    fill();
    assertThat(rig.byHand.delete(new DeleteTask(live.id()))).isInstanceOf(DeleteResult.Live.class);
    assertThat(rig.byHand.delete(new DeleteTask(failed.getFirst().id())))
        .isEqualTo(new DeleteResult.Now());
    assertThat(rig.byHand.delete(new DeleteTask(TaskId.random())))
        .isEqualTo(new DeleteResult.Unknown());
    assertThat(
            rig.byHand.delete(
                new DeleteTasks(TaskFilter.of("owner").in(Set.of(TaskState.PENDING)))))
        .isEqualTo(new Swept(0, false));
    assertThat(rig.byHand.delete(new DeleteTasks(TaskFilter.of("another"))))
        .isEqualTo(new Swept(0, false));
    assertThat(rig.byHand.delete(new DeleteTasks(TaskFilter.of("owner"))))
        .isEqualTo(new Swept(29, false));
    assertThat(known(failed)).isZero();
    pass();

    assertThat(rig.submit(longTask())).hasExactlyElementsOfTypes(Submission.Accepted.class);
  }

  @Test
  void manyTasksAreDeletedByOneFilter() {
    for (int list = 0; list < 3; list++) {
      List<TaskSpec> specs = tasks(500);
      rig.store.insert(specs);
      rig.store.cancel(ids(specs));
    }
    assertThat(rig.byHand.delete(new DeleteTasks(TaskFilter.of("owner"))))
        .isEqualTo(new Swept(1_500, false));
  }
}
