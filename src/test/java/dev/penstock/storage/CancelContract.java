package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.CancelResult;
import dev.penstock.core.Ending;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tasks that are cancelled. */
interface CancelContract extends StoreRig {

  @Test
  default void aCancelledPendingTaskNeverRuns() {
    TaskSpec ready = inserted(task());
    TaskSpec scheduled = inserted(taskAt(clock().instant().plusSeconds(60)));
    for (TaskSpec spec : List.of(ready, scheduled)) {
      CancelResult.Now now = (CancelResult.Now) cancel(spec);
      assertThat(now.worker()).isNull();
      assertThat(now.task().state()).isEqualTo(TaskState.CANCELLED);
      assertThat(now.task().finishedAt()).isEqualTo(clock().instant());
      assertThat(now.task().startedAt()).isNull();
      assertThat(now.task().spec().input()).isEmpty();
      assertThat(now.task().spec().replyTo()).isEqualTo("node-1");
      assertThat(get(spec).state()).isEqualTo(TaskState.CANCELLED);
    }
    clock().advance(Duration.ofSeconds(60));

    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(claimOnce(ready)).isEqualTo(new Claim.Settled());
    assertThat(claimOnce(scheduled)).isEqualTo(new Claim.Settled());
    assertThat(store().figures().lanes()).isEmpty();
    assertThat(store().figures().states()).containsEntry(TaskState.CANCELLED, 2L);
  }

  @Test
  default void aCancelledRunIsNobodysAnyMore() throws Exception {
    Claim.Claimed claimed = claimed();
    clock().advance(Duration.ofSeconds(1));
    CancelResult.Now now = (CancelResult.Now) cancel(claimed.task().spec());
    assertThat(now.worker()).isEqualTo("w");
    assertThat(now.task().startedAt()).isEqualTo(clock().instant().minusSeconds(1));
    assertThat(now.task().attempts()).isZero();
    restart();

    assertThat(store().extend(List.of(extension(claimed, null)), LEASE))
        .containsExactly(claimed.task().id());
    for (Ending ending : List.of(new Ending.Completed(json("1")), new Ending.Failed(ERROR))) {
      assertThat(settle(claimed, ending)).isEqualTo(new Settled.Stale());
    }
    clock().advance(LEASE.multipliedBy(10));
    assertThat(reclaim()).isEqualTo(new Lapsed(List.of(), List.of()));
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.CANCELLED);
    assertThat(task.output()).isNull();
    assertThat(task.error()).isNull();
  }

  @Test
  default void aTaskKeepsItsCountersWhenItIsCancelled() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Backoff(ERROR, Duration.ZERO));
    Claim.Claimed again = claim(claimed.task().spec());
    lose(again);
    cancel(claimed.task().spec());

    assertThat(get(claimed).attempts()).isEqualTo(1);
    assertThat(get(claimed).lost()).isEqualTo(1);
    assertThat(settle(again, new Ending.Failed(ERROR))).isEqualTo(new Settled.Stale());
    assertThat(settle(claimed, new Ending.Failed(ERROR))).isEqualTo(new Settled.Stale());
  }

  @Test
  default void cancellationsAreAnsweredInOrder() {
    TaskSpec done = inserted(task());
    complete(done);
    TaskSpec pending = inserted(task());
    List<CancelResult> answers =
        store().cancel(List.of(TaskId.random(), done.id(), pending.id(), pending.id(), done.id()));

    assertThat(answers.get(0)).isEqualTo(new CancelResult.Unknown());
    assertThat(answers.get(1)).isInstanceOf(CancelResult.Ended.class);
    assertThat(answers.get(2)).isInstanceOf(CancelResult.Now.class);
    assertThat(answers.get(3)).isInstanceOf(CancelResult.Ended.class);
    Task ended = ((CancelResult.Ended) answers.get(4)).task();
    assertThat(ended.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(ended.output()).isNull();
    assertThat(ended.spec().input()).isEmpty();
    assertThat(store().cancel(List.of())).isEmpty();
  }

  @Test
  default void cancelledTasksAreKeptAsLongAsCompletedOnes() {
    TaskSpec spec = inserted(task());
    cancel(spec);
    clock().advance(KEEP_COMPLETED.minusMillis(1));
    assertThat(store().deleteExpired(10)).isZero();
    assertThat(deleteOldestCompleted(10)).isZero();
    clock().advance(Duration.ofMillis(1));

    assertThat(store().deleteExpired(10)).isEqualTo(1);
    assertThat(store().figures().states()).containsEntry(TaskState.CANCELLED, 0L);
  }

  @Test
  default void aCancelAndASettleAtOnceGiveOneEnd() throws Exception {
    for (int round = 0; round < 20; round++) {
      Claim.Claimed claimed = claimed();
      AtomicInteger ends = new AtomicInteger();
      atOnce(
          2,
          worker -> {
            boolean ended =
                worker == 0
                    ? cancel(claimed.task().spec()) instanceof CancelResult.Now
                    : settle(claimed, new Ending.Completed(json("1"))) instanceof Settled.Now;
            ends.addAndGet(ended ? 1 : 0);
          });
      assertThat(ends).hasValue(1);
    }
    assertThat(store().figures().lanes()).isEmpty();
  }

  @Test
  default void thePendingTasksOfALaneAreCancelledALimitedNumberAtATime() {
    TaskSpec first = inserted(task(9));
    TaskSpec second = inserted(taskAt(clock().instant().plusSeconds(60)));
    TaskSpec third = inserted(task(2));
    TaskSpec other = inserted(task(new Lane("ping", null)));
    claimed();
    TaskSpec ended = inserted(task());
    complete(ended);

    List<Task> cancelled = new ArrayList<>(store().cancelPending(LANE, 2));
    assertThat(cancelled).hasSize(2);
    cancelled.addAll(store().cancelPending(LANE, 10));
    assertThat(cancelled)
        .extracting(Task::id)
        .containsExactlyInAnyOrder(first.id(), second.id(), third.id());
    assertThat(cancelled).allMatch(task -> task.state() == TaskState.CANCELLED);
    assertThat(cancelled).allMatch(task -> task.spec().input().length == 0);
    assertThat(store().cancelPending(LANE, 10)).isEmpty();
    assertThat(get(other).state()).isEqualTo(TaskState.PENDING);
    assertThat(lane(LANE).running()).isEqualTo(1);
    assertThat(lane(LANE).ready() + lane(LANE).scheduled()).isZero();
  }

  @Test
  default void manyTasksAreCancelledAtOnce() {
    List<TaskSpec> specs = tasks(500);
    store().insert(specs);

    assertThat(store().cancel(ids(specs)))
        .hasSize(500)
        .allMatch(CancelResult.Now.class::isInstance);
    assertThat(store().figures().states()).containsEntry(TaskState.CANCELLED, 500L);
  }
}
