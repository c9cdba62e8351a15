package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What time does: leases lapse, tasks become due, ended ones go. */
interface TimeContract extends StoreRig {

  @Test
  default void aLeaseIsLostOnlyAfterItsMargin() {
    Claim.Claimed claimed = claimed();
    clock().advance(LEASE.plus(MARGIN));
    assertThat(reclaim().ready()).isEmpty();
    clock().advance(Duration.ofMillis(1));

    Lapsed lapsed = reclaim();
    assertThat(lapsed.failed()).isEmpty();
    assertThat(lapsed.ready()).hasSize(1);
    assertSame(lapsed.ready().getFirst(), claimed.task().spec());
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.lost()).isEqualTo(1);
    assertThat(task.attempts()).isZero();
    assertThat(reclaim().ready()).isEmpty();
    assertThat(lane(LANE).ready()).isEqualTo(1);
  }

  @Test
  default void aTaskThatIsLostTooOftenFails() {
    TaskSpec spec = task();
    store().insert(List.of(spec));
    for (int i = 0; i < MAX_LOST; i++) {
      lose(claimAlone(spec));
    }
    claimAlone(spec);
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));

    Lapsed lapsed = reclaim();
    assertThat(lapsed.ready()).isEmpty();
    assertThat(lapsed.failed()).hasSize(1);
    Task failed = lapsed.failed().getFirst();
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(requireNonNull(failed.error()).code()).isEqualTo(TaskError.Code.LEASE_LOST);
    assertThat(failed.lost()).isEqualTo(MAX_LOST + 1);
    assertThat(failed.finishedAt()).isEqualTo(clock().instant());
    assertSame(failed.spec(), spec);
    assertThat(claimOnce(spec)).isEqualTo(new Claim.Settled());
  }

  @Test
  default void lapsedLeasesComeALimitedNumberAtATime() {
    List<TaskSpec> specs = tasks(5);
    store().insert(specs);
    claimAll(specs);
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));

    assertThat(store().reclaimLapsed(MARGIN, MAX_LOST, 3).ready()).hasSize(3);
    assertThat(store().reclaimLapsed(MARGIN, MAX_LOST, 3).ready()).hasSize(2);
  }

  @Test
  default void aTaskIsNotReadyBeforeItsTime() {
    TaskSpec later = taskAt(clock().instant().plusSeconds(10));
    TaskSpec past = taskAt(clock().instant().minusSeconds(10));
    TaskSpec soon = taskAt(clock().instant().plusSeconds(5));
    store().insert(List.of(later, past, soon));

    assertThat(claimOnce(later)).isEqualTo(new Claim.Held());
    assertThat(claimOnce(past)).isInstanceOf(Claim.Claimed.class);
    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(lane(LANE).scheduled()).isEqualTo(2);
    clock().advance(Duration.ofSeconds(10));
    assertThat(ids(store().promoteDue(1))).containsExactly(soon.id());
    List<TaskSpec> second = store().promoteDue(10);
    assertSame(second.getFirst(), later);
    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(lane(LANE).ready()).isEqualTo(2);
    assertThat(claimOnce(later)).isInstanceOf(Claim.Claimed.class);
  }

  @Test
  default void endedTasksGoWhenTheirTimeIsOver() {
    Claim.Claimed completed = claimed();
    Claim.Claimed failed = claimed();
    Claim.Claimed running = claimed();
    settle(completed, new Ending.Completed(json("1")));
    settle(failed, new Ending.Failed(ERROR));
    clock().advance(KEEP_COMPLETED.minusMillis(1));
    assertThat(store().deleteExpired(10)).isZero();
    clock().advance(Duration.ofMillis(1));
    assertThat(store().deleteExpired(10)).isEqualTo(1);
    assertThat(store().find(completed.task().id())).isEmpty();
    assertThat(store().find(failed.task().id())).isPresent();
    clock().advance(KEEP_FAILED);

    assertThat(store().deleteExpired(10)).isEqualTo(1);
    assertThat(store().find(failed.task().id())).isEmpty();
    assertThat(store().find(running.task().id())).isPresent();
    assertThat(store().figures().states())
        .containsEntry(TaskState.COMPLETED, 0L)
        .containsEntry(TaskState.FAILED, 0L)
        .containsEntry(TaskState.PROCESSING, 1L);
  }

  @Test
  default void theOldestCompletedGoFirst() {
    List<Claim.Claimed> claims = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      claims.add(claimed());
    }
    for (Claim.Claimed claimed : claims.reversed()) {
      settle(
          claimed,
          claimed.equals(claims.get(2))
              ? new Ending.Failed(ERROR)
              : new Ending.Completed(json("1")));
      clock().advance(Duration.ofSeconds(1));
    }

    assertThat(deleteOldestCompleted(2)).isEqualTo(2);
    assertThat(store().findAll(claims.stream().map(c -> c.task().id()).toList()))
        .containsOnlyKeys(
            claims.get(0).task().id(), claims.get(1).task().id(), claims.get(2).task().id());
    assertThat(deleteOldestCompleted(1_000)).isEqualTo(2);
    assertThat(deleteOldestCompleted(1_000)).isZero();
  }

  @Test
  default void deletionsKeepToTheirLimit() {
    List<TaskSpec> specs = tasks(350);
    store().insert(specs);
    claimAll(specs).forEach(claimed -> settle(claimed, new Ending.Completed(json("1"))));
    assertThat(deleteOldestCompleted(120)).isEqualTo(120);
    clock().advance(KEEP_COMPLETED);
    assertThat(store().deleteExpired(215)).isEqualTo(215);
    assertThat(store().deleteExpired(215)).isEqualTo(15);
  }

  @Test
  default void whoWaitsTheLongestIsToldFirst() {
    TaskSpec first = inserted(task());
    TaskSpec again = inserted(task());
    clock().advance(Duration.ofSeconds(1));
    TaskSpec second = inserted(task(10));
    claim(inserted(task()));
    inserted(taskAt(clock().instant().plusSeconds(60)));
    clock().advance(Duration.ofSeconds(1));
    settle(claim(again), new Ending.Backoff(ERROR, Duration.ZERO));

    assertThat(store().longestWaiting(LANE, 10))
        .extracting(task -> task.spec().id())
        .containsExactly(first.id(), second.id(), again.id());
    assertThat(store().longestWaiting(LANE, 1)).hasSize(1);
  }
}
