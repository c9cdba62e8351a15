package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What makes tasks ready that wait for their children. */
interface WakeContract extends FamilyRig {

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
  default void anAwaitAndEndsAtOnceWakeItsTaskOnce() throws Exception {
    for (int round = 0; round < 20; round++) {
      Claim.Claimed parent = runningWith("a", "b");
      TaskSpec spec = parent.task().spec();
      AtomicInteger ready = new AtomicInteger();
      atOnce(
          3,
          worker -> {
            if (worker < 2) {
              ready.addAndGet(ended(spec, worker == 0 ? "a" : "b", TaskState.COMPLETED).size());
            } else {
              Task task = ((Settled.Now) await(parent, 0, List.of())).task();
              ready.addAndGet(task.state() == TaskState.PENDING ? 1 : 0);
            }
          });
      assertThat(ready).hasValue(1);
      assertThat(claim(spec).task().waitingOn()).isZero();
    }
  }
}
