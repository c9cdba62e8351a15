package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.RetryResult;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Tasks that are run again by hand. */
interface RetryContract extends StoreRig {

  @Test
  default void aFailedTaskIsReadyAgainWithAllItsAttemptsBeforeIt() throws Exception {
    Claim.Claimed claimed = claimed();
    store().extend(List.of(extension(claimed, new Progress(1, 2, "half"))), LEASE);
    settle(claimed, new Ending.Failed(ERROR));
    TaskSpec spec = claimed.task().spec();

    Task now = ((RetryResult.Now) retry(spec)).task();
    assertSame(now.spec(), spec);
    restart();
    for (Task task : List.of(now, get(spec))) {
      assertThat(task.state()).isEqualTo(TaskState.PENDING);
      assertThat(task.attempts()).isZero();
      assertThat(task.error()).isNull();
      assertThat(task.startedAt()).isNull();
      assertThat(task.finishedAt()).isNull();
      assertThat(task.progress()).isNull();
      assertThat(task.worker()).isNull();
    }
    assertThat(lane(LANE).ready()).isEqualTo(1);
    assertThat(lane(LANE).failed()).isZero();
    assertThat(settle(claimed, new Ending.Failed(ERROR))).isEqualTo(new Settled.Stale());
    assertThat(settle(claim(spec), new Ending.Completed(json("1"))))
        .isInstanceOf(Settled.Now.class);
    assertThat(get(spec).attempts()).isEqualTo(1);
  }

  @Test
  default void aCancelledTaskIsReadyAgain() {
    TaskSpec spec = inserted(task());
    cancel(spec);
    assertThat(retry(spec)).isInstanceOf(RetryResult.Now.class);

    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(claimOnce(spec)).isInstanceOf(Claim.Claimed.class);
  }

  @Test
  default void aScheduledTaskThatIsCancelledAndRetriedKeepsItsTime() throws Exception {
    Duration days = Duration.ofDays(3);
    TaskSpec scheduled = inserted(taskAt(clock().instant().plus(days), bytes("{\"n\":1}")));
    cancel(scheduled);
    Task now = ((RetryResult.Now) retry(scheduled)).task();
    assertThat(now.state()).isEqualTo(TaskState.PENDING);
    assertSame(now.spec(), scheduled);
    restart();

    assertThat(claimOnce(scheduled)).isEqualTo(new Claim.Held());
    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(lane(LANE).scheduled()).isEqualTo(1);
    assertThat(lane(LANE).ready()).isZero();
    clock().advance(days);
    assertThat(ids(store().promoteDue(10))).containsExactly(scheduled.id());
    assertThat(lane(LANE).scheduled()).isZero();
    assertThat(get(scheduled).queuedAt()).isEqualTo(clock().instant());
    assertThat(settle(claim(scheduled), new Ending.Completed(json("1"))))
        .isInstanceOf(Settled.Now.class);
  }

  @Test
  default void aScheduledTaskCanBeCancelledAndRetriedOverAndOver() {
    TaskSpec scheduled = inserted(taskAt(clock().instant().plusSeconds(60)));
    for (int i = 0; i < 3; i++) {
      cancel(scheduled);
      retry(scheduled);
      assertThat(lane(LANE).scheduled()).isEqualTo(1);
    }
    assertThat(lane(LANE).ready()).isZero();
    assertThat(store().cancelPending(LANE, 10)).hasSize(1);
    assertThat(store().figures().lanes()).isEmpty();
  }

  @Test
  default void aTaskWhoseTimeHasPassedIsReadyAtOnceWhenItIsRetried() {
    TaskSpec cancelled = inserted(taskAt(clock().instant().plusSeconds(60)));
    TaskSpec failed = inserted(taskAt(clock().instant().plusSeconds(60)));
    cancel(cancelled);
    clock().advance(Duration.ofSeconds(60));
    store().promoteDue(10);
    fail(failed);
    retry(cancelled);
    retry(failed);

    assertThat(lane(LANE).ready()).isEqualTo(2);
    assertThat(lane(LANE).scheduled()).isZero();
    assertThat(claimAll(List.of(cancelled, failed))).hasSize(2);
  }

  @Test
  default void aTaskThatProcessesDiedOfIsASuspectStillAndMayLoseMore() {
    TaskSpec spec = inserted(task());
    for (int i = 0; i <= MAX_LOST; i++) {
      claimAlone(spec);
      clock().advance(LEASE.plus(MARGIN).plusMillis(1));
      store().reclaimLapsed(MARGIN, MAX_LOST, 100, new Living(true, Map.of()));
    }
    assertThat(get(spec).state()).isEqualTo(TaskState.FAILED);
    retry(spec);

    assertThat(get(spec).lost()).isEqualTo(1);
    assertThat(claimOnce(spec)).isEqualTo(new Claim.Suspect());
    lose(claimAlone(spec));
    assertThat(get(spec).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void otherTasksStayAsTheyAre() {
    TaskSpec pending = inserted(task());
    TaskSpec running = claimed().task().spec();
    TaskSpec completed = inserted(task());
    complete(completed);
    TaskSpec failed = inserted(task());
    fail(failed);
    List<RetryResult> answers =
        store()
            .retry(
                List.of(
                    pending.id(),
                    running.id(),
                    completed.id(),
                    TaskId.random(),
                    failed.id(),
                    failed.id()));

    for (int i : List.of(0, 1, 2, 5)) {
      assertThat(answers.get(i)).isInstanceOf(RetryResult.Otherwise.class);
      assertThat(((RetryResult.Otherwise) answers.get(i)).task().spec().input()).isEmpty();
      assertThat(((RetryResult.Otherwise) answers.get(i)).task().output()).isNull();
    }
    assertThat(answers.get(3)).isEqualTo(new RetryResult.Unknown());
    assertThat(answers.get(4)).isInstanceOf(RetryResult.Now.class);
    assertThat(get(running).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(get(completed).state()).isEqualTo(TaskState.COMPLETED);
    assertThat(store().retry(List.of())).isEmpty();
  }

  @Test
  default void aRetriedTaskDoesNotExpire() {
    TaskSpec spec = inserted(task());
    fail(spec);
    retry(spec);
    clock().advance(KEEP_FAILED.multipliedBy(2));

    assertThat(store().deleteExpired(10)).isZero();
    assertThat(claimOnce(spec)).isInstanceOf(Claim.Claimed.class);
  }

  @Test
  default void aRetriedTaskIsNotForgottenAsIfItWereNew() {
    TaskSpec spec = inserted(task());
    fail(spec);
    retry(spec);

    assertThat(store().withdraw(spec.id())).isFalse();
  }

  @Test
  default void aRetriedTaskWaitsSinceItsRetry() {
    TaskSpec spec = inserted(task());
    fail(spec);
    clock().advance(Duration.ofDays(1));
    retry(spec);

    assertThat(lane(LANE).oldest()).isEqualTo(clock().instant());
    assertThat(get(spec).queuedAt()).isEqualTo(clock().instant());
    assertThat(get(spec).createdAt()).isEqualTo(clock().instant().minus(Duration.ofDays(1)));
  }
}
