package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.CancelResult;
import dev.penstock.core.Ending;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.TaskFilter;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tasks that wait for their children, with nobody running them. */
interface AwaitContract extends FamilyRig {

  @Test
  default void aParentWaitsWithoutALeaseAndWithoutAnAttempt() throws Exception {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    Task waits = ((Settled.Now) await(parent, 0, childrenOf(spec, "a", "b"))).task();
    assertThat(waits.state()).isEqualTo(TaskState.PROCESSING);
    assertThat(waits.waitingOn()).isEqualTo(2);
    assertThat(waits.spec().input()).isEmpty();
    restart();

    Task task = get(spec);
    assertThat(task.state()).isEqualTo(TaskState.PROCESSING);
    assertThat(task.waitingOn()).isEqualTo(2);
    assertThat(task.attempts()).isZero();
    assertThat(task.startedAt()).isNull();
    assertThat(task.worker()).isEqualTo("w");
    assertThat(claimOnce(spec)).isEqualTo(new Claim.Held());
    assertThat(store().extend(List.of(extension(parent, null)), LEASE)).containsExactly(spec.id());
    clock().advance(Duration.ofDays(1));
    assertThat(reclaim()).isEqualTo(new Lapsed(List.of(), List.of()));
    assertThat(store().promoteDue(10)).isEmpty();
    assertThat(children().wakeDue(10)).as("it waits as long as it takes").isEmpty();
    assertThat(get(spec)).usingRecursiveComparison().isEqualTo(task);
  }

  @Test
  default void waitingParentsAreShownAndCountedApart() {
    TaskSpec waiting = waitingFor(0, "a", "b", "c");
    Claim.Claimed running = claimed();
    Map<TaskId, Task> found = store().findAll(List.of(waiting.id(), running.task().id()));
    assertThat(known(found, waiting).waitingOn()).isEqualTo(3);
    assertThat(known(found, running.task().spec()).waitingOn()).isZero();
    TaskFilter processing = TaskFilter.of("owner").in(Set.of(TaskState.PROCESSING));
    assertThat(store().list(processing, null, 10).tasks())
        .extracting(Task::waitingOn)
        .containsExactly(0, 3);

    assertThat(lane(LANE)).isEqualTo(new LaneCounts(LANE, 0, 0, 1, 1, 0, null));
    assertThat(store().figures().states()).containsEntry(TaskState.PROCESSING, 2L);
  }

  @Test
  default void theTokenOfAnAwaitIsDeadAfterwards() {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    await(parent, 0, childrenOf(spec, "a"));
    assertThat(await(parent, 5, childrenOf(spec, "a", "b"))).isEqualTo(new Settled.Before());
    assertThat(open(spec)).as("the repetition adds nothing").isEqualTo(1);
    ended(spec, "a", TaskState.COMPLETED);
    Claim.Claimed again = claim(spec);

    assertThat(settle(parent, new Ending.Completed(json("1")))).isNotInstanceOf(Settled.Now.class);
    assertThat(settle(again, new Ending.Completed(json("1")))).isInstanceOf(Settled.Now.class);
    assertThat(settle(parent, waits(List.of(), 0, null, false))).isEqualTo(new Settled.Stale());
  }

  @Test
  default void aStaleAwaitChangesNothing() {
    Claim.Claimed lost = claimed();
    TaskSpec spec = lost.task().spec();
    lose(lost);
    assertThat(await(lost, 0, childrenOf(spec, "a"))).isEqualTo(new Settled.Stale());
    assertThat(toInsert()).isEmpty();
    assertThat(get(spec).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void anAwaitThatIsOverAlreadyMakesItsTaskReadyAtOnce() {
    Claim.Claimed first = claimed();
    TaskSpec spec = first.task().spec();
    clock().advance(Duration.ofSeconds(1));
    Settled.Now nothing = (Settled.Now) await(first, 0, List.of());
    assertThat(nothing.task().state()).isEqualTo(TaskState.PENDING);
    assertThat(nothing.task().queuedAt()).isEqualTo(clock().instant());
    assertThat(nothing.task().waitingOn()).isZero();
    assertSame(nothing.task().spec(), spec);
    assertThat(lane(LANE).ready()).isEqualTo(1);
    Claim.Claimed second = claim(spec);
    assertThat(second.run()).isEqualTo(2);
    assertThat(second.task().attempts()).isZero();

    Settled.Now enough = (Settled.Now) await(second, 2, childrenOf(spec, "a", "b"));
    assertThat(enough.task().state()).isEqualTo(TaskState.PENDING);
    assertThat(toInsert()).hasSize(2);
    assertThat(get(spec).waitingOn()).isZero();
  }

  @Test
  default void aCancelledParentWaitsNoMore() {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    settle(parent, waits(childrenOf(spec, "a"), 0, Duration.ofSeconds(1), true));
    CancelResult.Now now = (CancelResult.Now) cancel(spec);
    assertThat(now.worker()).as("nobody runs it").isNull();
    assertThat(now.task().waitingOn()).isZero();
    assertThat(now.task().startedAt()).isNull();
    clock().advance(Duration.ofSeconds(1));

    assertThat(children().wakeDue(10)).isEmpty();
    assertThat(ended(spec, "a", TaskState.FAILED)).isEmpty();
    assertThat(get(spec).state()).isEqualTo(TaskState.CANCELLED);
    assertThat(store().figures().lanes()).isEmpty();
    assertThat(requireNonNull(store().steps(spec.id()).getLast()).worker()).isNull();
  }

  @Test
  default void aParentHasNotTooManyOpenChildren() {
    TaskSpec spec = inserted(task());
    List<TaskSpec> all =
        IntStream.rangeClosed(0, Outcome.Await.MOST_OPEN)
            .mapToObj(i -> child(spec, "k" + i))
            .toList();
    for (int i = 0; i < Outcome.Await.MOST_OPEN; i += Outcome.Await.MOST_CHILDREN) {
      assertThat(await(claim(spec), 2_000, all.subList(i, i + Outcome.Await.MOST_CHILDREN)))
          .isInstanceOf(Settled.Now.class);
    }
    assertThat(open(spec)).isEqualTo(Outcome.Await.MOST_OPEN);
    Claim.Claimed full = claim(spec);
    assertThat(settle(full, waits(all.subList(1_000, 1_025), 0, null, false), checkpoint("lost")))
        .isEqualTo(new Settled.TooManyOpen());
    assertThat(open(spec)).isEqualTo(Outcome.Await.MOST_OPEN);
    assertThat(store().extend(List.of(extension(full, null)), LEASE)).as("it is held").isEmpty();
    assertThat(await(full, 2_000, all.subList(1_000, 1_024))).isInstanceOf(Settled.Now.class);
    Claim.Claimed last = claim(spec);
    assertThat(last.checkpoint()).isNull();
    ended(spec, "k7", TaskState.COMPLETED);
    assertThat(await(last, 0, List.of(all.getLast()))).isInstanceOf(Settled.Now.class);
    assertThat(get(spec).waitingOn()).isEqualTo(Outcome.Await.MOST_OPEN);
  }
}
