package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.taskWith;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.LaneCounts;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Lane;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How many tasks there are, and how the store is. */
interface FiguresContract extends StoreRig {

  @Test
  default void figuresTellEveryStateAndEveryLaneWithLiveTasks() throws Exception {
    Lane ping = new Lane("ping", null);
    Instant first = clock().instant();
    store().insert(List.of(task(2), task(9), taskAt(first.plusSeconds(99))));
    clock().advance(Duration.ofSeconds(1));
    store().insert(List.of(task(9), task(ping)));
    settle(claimed(), new Ending.Completed(json("1")));
    settle(claimed(), new Ending.Failed(ERROR));
    claimed();
    restart();

    TaskStore.TaskCounts figures = store().figures();
    assertThat(figures.states())
        .isEqualTo(
            Map.of(
                TaskState.PENDING, 5L,
                TaskState.PROCESSING, 1L,
                TaskState.COMPLETED, 1L,
                TaskState.FAILED, 1L,
                TaskState.CANCELLED, 0L));
    assertThat(figures.lanes())
        .containsExactlyInAnyOrder(
            new LaneCounts(LANE, 3, 1, 1, 1, first),
            new LaneCounts(ping, 1, 0, 0, 0, clock().instant()));
  }

  @Test
  default void theOldestReadyTaskIsTheOneThatHasWaitedLongest() {
    TaskSpec scheduled = inserted(taskAt(clock().instant().plusSeconds(60)));
    TaskSpec failing = inserted(task());
    Claim.Claimed lost = claimed();
    settle(claim(failing), new Ending.Backoff(ERROR, Duration.ofSeconds(60)));
    assertThat(lane(LANE).oldest()).isNull();
    clock().advance(Duration.ofSeconds(61));
    Instant due = clock().instant();
    assertThat(store().promoteDue(10)).hasSize(2);
    assertThat(reclaim().ready()).hasSize(1);
    clock().advance(Duration.ofSeconds(5));
    TaskSpec urgent = inserted(task(9));

    assertThat(lane(LANE).oldest()).isEqualTo(due);
    claim(scheduled);
    claim(failing);
    assertThat(lane(LANE).oldest()).isEqualTo(due);
    settle(claimAlone(lost.task().spec()), new Ending.Returned(Duration.ZERO));
    assertThat(lane(LANE).oldest()).isEqualTo(clock().instant());
    claim(urgent);
    clock().advance(Duration.ofSeconds(5));
    assertThat(lane(LANE).oldest()).isEqualTo(clock().instant().minusSeconds(5));
  }

  @Test
  default void bytesGrowWithTheTasks() {
    long before = store().bytes();
    store().insert(List.of(taskWith(Map.of(), new byte[1 << 20])));

    assertThat(store().bytes()).isGreaterThan(before + (1 << 20) - 1);
  }

  @Test
  default void aHealthyStoreHasNoTrouble() {
    store().insert(List.of(task()));
    assertThat(store().trouble()).isEmpty();
  }

  @Test
  default void aRestartKeepsEverything() throws Exception {
    List<TaskSpec> specs = tasks(3);
    store().insert(specs);
    List<Claim.Claimed> claims = claimAll(specs);
    store().extend(List.of(extension(claims.get(0), new Progress(1, 2, "one"))), LEASE);
    settle(claims.get(1), new Ending.Completed(json("[1]")));
    settle(claims.get(2), new Ending.Backoff(ERROR, Duration.ofSeconds(5)));
    Map<TaskId, Task> before = new HashMap<>(store().findAll(ids(specs)));
    TaskStore.TaskCounts figures = store().figures();
    restart();

    for (TaskSpec spec : specs) {
      Task was = known(before, spec);
      Task task = get(spec);
      assertSame(task.spec(), spec);
      assertThat(task.state()).isEqualTo(was.state());
      assertThat(task.progress()).isEqualTo(was.progress());
      assertThat(task.attempts()).isEqualTo(was.attempts());
      assertThat(task.startedAt()).isEqualTo(was.startedAt());
      assertThat(task.error()).isEqualTo(was.error());
    }
    assertThat(store().figures()).isEqualTo(figures);
    assertThat(settle(claims.get(0), new Ending.Completed(json("1"))))
        .isInstanceOf(Settled.Now.class);
    assertThat(settle(claims.get(1), new Ending.Completed(json("1"))))
        .isEqualTo(new Settled.Before());
    clock().advance(Duration.ofSeconds(5));
    assertThat(ids(store().promoteDue(10))).containsExactly(specs.get(2).id());
  }
}
