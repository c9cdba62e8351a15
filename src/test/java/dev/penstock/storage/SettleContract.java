package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How runs end. */
interface SettleContract extends StoreRig {

  @Test
  default void aCompletedTaskKeepsItsOutput() throws Exception {
    Claim.Claimed claimed = claimed();
    clock().advance(Duration.ofSeconds(2));
    Settled settled = settle(claimed, new Ending.Completed(json("{\"a\":1}")));

    Task now = ((Settled.Now) settled).task();
    assertThat(now.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(output(now)).isEqualTo(bytes("{\"a\":1}"));
    assertThat(now.spec().input()).isEmpty();
    assertThat(now.spec().replyTo()).isEqualTo("node-1");
    assertThat(now.finishedAt()).isEqualTo(clock().instant());
    restart();
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.worker()).isEqualTo("w");
    assertThat(task.startedAt()).isEqualTo(clock().instant().minusSeconds(2));
    assertThat(task.finishedAt()).isEqualTo(clock().instant());
    assertThat(output(task)).isEqualTo(bytes("{\"a\":1}"));
    assertThat(task.error()).isNull();
    assertSame(task.spec(), claimed.task().spec());
  }

  @Test
  default void aFailedTaskKeepsItsError() {
    Claim.Claimed claimed = claimed();
    Settled settled = settle(claimed, new Ending.Failed(ERROR));

    assertThat(((Settled.Now) settled).task().error()).isEqualTo(ERROR);
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.FAILED);
    assertThat(task.error()).isEqualTo(ERROR);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.finishedAt()).isEqualTo(clock().instant());
  }

  @Test
  default void aTaskIsPutOffFromFarForSoLongInAllUntilAnAttemptIsSpent() throws Exception {
    Claim.Claimed claimed = claimed();
    TaskSpec spec = claimed.task().spec();
    Duration half = Outcome.Postpone.MOST.dividedBy(2);
    var costly = new Ending.Returned(Duration.ZERO, false, half);
    assertThat(settle(claimed, costly)).isInstanceOf(Settled.Now.class);
    assertThat(settle(claim(spec), new Ending.Returned(Duration.ZERO)))
        .as("one on a node costs nothing")
        .isInstanceOf(Settled.Now.class);
    restart();
    assertThat(settle(claim(spec), costly)).isInstanceOf(Settled.Now.class);
    Claim.Claimed last = claim(spec);
    assertThat(settle(last, new Ending.Returned(Duration.ZERO, false, Duration.ofMillis(1))))
        .isEqualTo(new Settled.PutOffTooOften());
    assertThat(get(spec).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(settle(last, new Ending.Backoff(ERROR, Duration.ZERO)))
        .isInstanceOf(Settled.Now.class);

    assertThat(settle(claim(spec), costly)).as("anew").isInstanceOf(Settled.Now.class);
    assertThat(settle(claim(spec), costly)).isInstanceOf(Settled.Now.class);
    fail(spec);
    retry(spec);
    assertThat(settle(claim(spec), costly)).as("after a retry").isInstanceOf(Settled.Now.class);
    assertThat(get(spec).attempts()).isZero();
  }

  @Test
  default void aBackoffSpendsAnAttemptAndWaits() {
    Claim.Claimed claimed = claimed();
    Settled settled = settle(claimed, new Ending.Backoff(ERROR, Duration.ofSeconds(9)));

    assertSame(((Settled.Now) settled).task().spec(), claimed.task().spec());
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.error()).isEqualTo(ERROR);
    assertThat(task.startedAt()).isNull();
    assertThat(lane(LANE).scheduled()).isEqualTo(1);
    assertThat(claimOnce(claimed.task().spec())).isEqualTo(new Claim.Held());
    clock().advance(Duration.ofSeconds(9));
    assertThat(ids(store().promoteDue(10))).containsExactly(task.id());
    Claim.Claimed again = claim(task.spec());
    settle(again, new Ending.Completed(json("1")));
    assertThat(get(claimed).attempts()).isEqualTo(2);
    assertThat(get(claimed).error()).isNull();
  }

  @Test
  default void aReturnedTaskSpendsNoAttempt() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Returned(Duration.ofSeconds(9)));
    assertThat(get(claimed).attempts()).isZero();
    assertThat(get(claimed).state()).isEqualTo(TaskState.PENDING);
    assertThat(lane(LANE).scheduled()).isEqualTo(1);
  }

  @Test
  default void withoutADelayAGivenBackTaskIsReadyAtOnce() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Backoff(ERROR, Duration.ZERO));
    Claim.Claimed second = claim(claimed.task().spec());
    settle(second, new Ending.Returned(Duration.ZERO));

    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(claim(claimed.task().spec()).task().attempts()).isEqualTo(1);
  }

  @Test
  default void aRepeatedSettleChangesNothing() {
    for (Ending ending :
        List.of(
            new Ending.Completed(json("1")),
            new Ending.Failed(ERROR),
            new Ending.Backoff(ERROR, Duration.ofSeconds(1)),
            new Ending.Returned(Duration.ofSeconds(1)))) {
      Claim.Claimed claimed = claimed();
      assertThat(settle(claimed, ending)).isInstanceOf(Settled.Now.class);
      Task before = get(claimed);
      TaskStore.TaskCounts figures = store().figures();
      clock().advance(Duration.ofMillis(1));

      assertThat(settle(claimed, ending)).isEqualTo(new Settled.Before());
      assertThat(settle(claimed, new Ending.Failed(ERROR))).isEqualTo(new Settled.Before());
      Task after = get(claimed);
      assertThat(after.state()).isEqualTo(before.state());
      assertThat(after.attempts()).isEqualTo(before.attempts());
      assertThat(after.finishedAt()).isEqualTo(before.finishedAt());
      assertThat(store().figures()).isEqualTo(figures);
    }
  }

  @Test
  default void aStaleTokenSettlesNothing() {
    Claim.Claimed first = claimed();
    lose(first);
    Claim.Claimed second = claimAlone(first.task().spec());

    assertThat(settle(first, new Ending.Completed(json("old")))).isEqualTo(new Settled.Stale());
    assertThat(get(first).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(settle(second, new Ending.Completed(json("new")))).isInstanceOf(Settled.Now.class);
    assertThat(settle(first, new Ending.Completed(json("old")))).isEqualTo(new Settled.Stale());
    assertThat(output(get(first))).isEqualTo(bytes("new"));
  }

  @Test
  default void aReclaimedTaskThatNobodyRunsYetCannotBeSettled() {
    Claim.Claimed first = claimed();
    lose(first);

    assertThat(settle(first, new Ending.Completed(json("old")))).isEqualTo(new Settled.Stale());
    assertThat(get(first).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void anotherTasksTokenSettlesNothing() {
    Claim.Claimed one = claimed();
    Claim.Claimed other = claimed();

    assertThat(
            store()
                .settle(
                    List.of(
                        new Settle(
                            one.task().id(),
                            other.lease().token(),
                            new Ending.Completed(json("x")))))
                .getFirst())
        .isEqualTo(new Settled.Stale());
    assertThat(
            store()
                .settle(List.of(new Settle(TaskId.random(), OTHER_TOKEN, new Ending.Failed(ERROR))))
                .getFirst())
        .isEqualTo(new Settled.Stale());
    assertThat(get(one).state()).isEqualTo(TaskState.PROCESSING);
  }

  @Test
  default void aLateSettleCountsWhileNobodyElseHasTheTask() {
    Claim.Claimed claimed = claimed();
    clock().advance(LEASE.multipliedBy(10));

    assertThat(settle(claimed, new Ending.Completed(json("1")))).isInstanceOf(Settled.Now.class);
    assertThat(reclaim()).isEqualTo(new Lapsed(List.of(), List.of()));
  }
}
