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
  default void aParentWakesWhenFewEnoughAreOpen() {
    TaskSpec parent = waitingForOpen(1, "a", "b", "c");
    assertThat(ended(parent, "b", TaskState.COMPLETED)).isEmpty();
    assertThat(get(parent).waitingOn()).isEqualTo(2);
    clock().advance(Duration.ofSeconds(5));
    List<TaskSpec> woken = ended(parent, "a", TaskState.COMPLETED);

    assertThat(woken).hasSize(1);
    assertSame(woken.getFirst(), parent);
    Task task = get(parent);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.queuedAt()).isEqualTo(clock().instant());
    assertThat(task.waitingOn()).isZero();
    assertThat(lane(LANE).ready()).isEqualTo(4);
    assertThat(lane(LANE).waiting()).isZero();
    assertThat(ended(parent, "c", TaskState.COMPLETED)).as("it is awake").isEmpty();
    Claim.Claimed again = claim(parent);
    assertThat(again.task().attempts()).isZero();
    assertThat(again.run()).isEqualTo(2);
  }

  @Test
  default void newChildrenAreOpenToo() {
    TaskSpec parent = waitingFor(1, "a", "b");
    assertThat(ended(parent, "a", TaskState.FAILED)).hasSize(1);
    assertThat(unread(parent)).containsExactly("a");
    assertThat(toInsert()).containsExactly(TaskId.child(parent.id(), "b"));
  }

  @Test
  default void anEndCountsOnceAndOnlyForWhoIsListed() {
    TaskSpec parent = waitingForOpen(0, "a", "b");
    TaskSpec other = waitingForOpen(0, "a");
    TaskSpec childless = claimed().task().spec();
    for (int i = 0; i < 2; i++) {
      assertThat(ended(parent, "a", TaskState.COMPLETED)).isEmpty();
      assertThat(ended(parent, "unknown", TaskState.COMPLETED)).isEmpty();
      assertThat(ended(task(), "a", TaskState.COMPLETED)).isEmpty();
      assertThat(ended(childless, "a", TaskState.COMPLETED)).isEmpty();
    }
    assertThat(ended(parent, "a", TaskState.FAILED)).isEmpty();
    assertThat(children().unread(parent.id(), null, 9).children())
        .extracting(ChildStore.Ended::state)
        .as("the first end counts")
        .containsExactly(TaskState.COMPLETED);
    assertThat(get(parent).waitingOn()).isEqualTo(1);
    assertThat(get(other).waitingOn()).isEqualTo(1);
    assertThat(children().ended(List.of())).isEmpty();
  }

  @Test
  default void manyEndsWakeEachParentOnce() {
    TaskSpec one = waitingForOpen(0, "a", "b", "c");
    TaskSpec other = waitingForOpen(1, "a", "b");
    TaskSpec third = waitingForOpen(0, "a", "b");
    List<TaskSpec> woken =
        children()
            .ended(
                List.of(
                    end(one, "a", TaskState.COMPLETED),
                    end(other, "a", TaskState.CANCELLED),
                    end(one, "b", TaskState.FAILED),
                    end(third, "a", TaskState.COMPLETED),
                    end(other, "b", TaskState.COMPLETED),
                    end(one, "c", TaskState.COMPLETED)));
    assertThat(sorted(woken)).isEqualTo(sorted(List.of(one, other)));
    assertThat(get(third).waitingOn()).isEqualTo(1);
  }

  @Test
  default void aFailureWakesWhoAskedForIt() {
    for (TaskState failure : List.of(TaskState.FAILED, TaskState.CANCELLED)) {
      Claim.Claimed parent = runningWith("a", "b", "c");
      TaskSpec spec = parent.task().spec();
      settle(parent, waits(List.of(), 0, null, true));
      assertThat(ended(spec, "a", TaskState.COMPLETED)).isEmpty();
      assertThat(ended(spec, "b", failure)).hasSize(1);
      TaskSpec unasked = waitingForOpen(0, "a", "b");
      assertThat(ended(unasked, "a", failure)).isEmpty();
    }
  }

  @Test
  default void onlyAFailureSinceTheAwaitWakes() {
    Claim.Claimed parent = runningWith("a", "b");
    TaskSpec spec = parent.task().spec();
    ended(spec, "a", TaskState.FAILED);
    settle(parent, waits(List.of(), 0, null, true));
    assertThat(get(spec).waitingOn()).isEqualTo(1);
    assertThat(ended(spec, "a", TaskState.FAILED)).as("it has ended before").isEmpty();
    assertThat(ended(spec, "b", TaskState.FAILED)).hasSize(1);
  }

  @Test
  default void aWaitIsOverAtItsDeadline() throws Exception {
    Claim.Claimed parent = runningWith("a");
    TaskSpec spec = parent.task().spec();
    settle(parent, waits(List.of(), 0, Duration.ofSeconds(10), false));
    assertThat(children().wakeDue(10)).isEmpty();
    restart();
    clock().advance(Duration.ofSeconds(10));
    List<TaskSpec> woken = children().wakeDue(10);
    assertThat(woken).hasSize(1);
    assertSame(woken.getFirst(), spec);
    assertThat(children().wakeDue(10)).isEmpty();
    assertThat(get(spec).state()).isEqualTo(TaskState.PENDING);
    assertThat(get(spec).queuedAt()).isEqualTo(clock().instant());
    assertThat(open(spec)).isEqualTo(1);

    Claim.Claimed again = claim(spec);
    settle(again, waits(List.of(), 0, Duration.ofSeconds(10), false));
    ended(spec, "a", TaskState.COMPLETED);
    clock().advance(Duration.ofSeconds(10));
    assertThat(children().wakeDue(10)).as("its child was sooner").isEmpty();
    await(claim(spec), 0, childrenOf(spec, "b"));
    clock().advance(Duration.ofDays(1));
    assertThat(children().wakeDue(10)).as("the last await has no deadline").isEmpty();
  }

  @Test
  default void deadlinesComeALimitedNumberAtATime() {
    for (int i = 0; i < 5; i++) {
      Claim.Claimed parent = claimed();
      List<TaskSpec> one = childrenOf(parent.task().spec(), "a");
      settle(parent, waits(one, 0, Duration.ofSeconds(i + 1), false));
    }
    clock().advance(Duration.ofSeconds(4));
    assertThat(children().wakeDue(3)).hasSize(3);
    assertThat(children().wakeDue(3)).hasSize(1);
    assertThat(children().wakeDue(3)).isEmpty();
    assertThat(lane(LANE).waiting()).isEqualTo(1);
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
