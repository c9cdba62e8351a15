package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Parents that end before their children, and run again. */
interface AbandonContract extends FamilyRig {

  /** A parent of the open "a" and the new "b", ended in each way there is. */
  default List<TaskSpec> endedParents() {
    List<TaskSpec> parents = new ArrayList<>();
    for (int way = 0; way < 5; way++) {
      Claim.Claimed parent = runningWith("a");
      TaskSpec spec = parent.task().spec();
      parents.add(spec);
      await(parent, way == 0 ? 0 : 2, childrenOf(spec, "b"));
      switch (way) {
        case 0, 1 -> cancel(spec);
        case 2 -> settle(claim(spec), new Ending.Completed(json("1")));
        case 3 -> settle(claim(spec), new Ending.Failed(ERROR));
        default -> {
          claim(spec);
          clock().advance(LEASE.plus(MARGIN).plusMillis(1));
          assertThat(store().reclaimLapsed(MARGIN, 0, 10).failed()).hasSize(1);
        }
      }
    }
    return parents;
  }

  @Test
  default void whoEndsWithOpenChildrenHasAbandonedThem() throws Exception {
    List<TaskSpec> parents = endedParents();
    waitingForOpen(0, "a");
    runningWith("a");
    restart();

    assertThat(toInsert()).as("nothing new of who has ended").isEmpty();
    List<Family> all = children().abandoned(10, 10);
    assertThat(all)
        .extracting(Family::parent)
        .containsExactlyInAnyOrderElementsOf(TestTasks.ids(parents));
    for (Family family : all) {
      assertThat(family.children())
          .as("what was new may be there")
          .containsExactlyInAnyOrder(
              TaskId.child(family.parent(), "a"), TaskId.child(family.parent(), "b"));
    }
    assertThat(children().abandoned(2, 10)).hasSize(2);
    assertThat(children().abandoned(10, 1)).hasSize(5).allMatch(one -> one.children().size() == 1);
    for (TaskSpec parent : parents) {
      assertThat(ended(parent, "a", TaskState.CANCELLED)).isEmpty();
    }
    assertThat(children().abandoned(10, 10))
        .hasSize(5)
        .allMatch(one -> one.children().equals(List.of(TaskId.child(one.parent(), "b"))));
    for (TaskSpec parent : parents) {
      assertThat(ended(parent, "b", TaskState.FAILED)).isEmpty();
    }
    assertThat(children().abandoned(10, 10)).isEmpty();
  }

  @Test
  default void aParentWithoutOpenChildrenAbandonsNobody() {
    Claim.Claimed parent = runningWith("a");
    ended(parent.task().spec(), "a", TaskState.COMPLETED);
    settle(parent, new Ending.Failed(ERROR));
    complete(inserted(task()));
    assertThat(children().abandoned(10, 10)).isEmpty();
  }

  @Test
  default void anEndedParentStaysUntilNoChildIsOpen() {
    List<TaskSpec> parents = endedParents();
    clock().advance(Duration.ofDays(30));
    assertThat(store().deleteExpired(100)).isZero();
    assertThat(deleteOldestCompleted(100)).isZero();
    for (TaskSpec parent : parents) {
      ended(parent, "a", TaskState.CANCELLED);
      ended(parent, "b", TaskState.CANCELLED);
    }
    assertThat(deleteOldestCompleted(100)).isEqualTo(1);
    assertThat(store().deleteExpired(100)).isEqualTo(4);
    for (TaskSpec parent : parents) {
      assertThat(ended(parent, "a", TaskState.CANCELLED)).isEmpty();
      assertThat(children().unread(parent.id(), null, 10).children()).isEmpty();
    }
  }

  @Test
  default void whoIsInsertedTooLateIsToBeCancelled() {
    TaskSpec parent = waitingFor(0, "a", "b");
    List<TaskSpec> both = childrenOf(parent, "a", "b");
    cancel(parent);
    assertThat(children().inserted(both)).containsExactlyInAnyOrderElementsOf(sorted(both));
    assertThat(children().abandoned(10, 10)).hasSize(1);
    TaskSpec stranger = child(task(), "a");
    TaskSpec unlisted = child(waitingFor(0, "a"), "b");
    assertThat(children().inserted(List.of(stranger, unlisted)))
        .containsExactlyInAnyOrder(stranger.id(), unlisted.id());
  }

  @Test
  default void aRetriedParentHasItsFailedChildrenOpenAgain() {
    Claim.Claimed parent = runningWith("a", "b", "c", "d");
    TaskSpec spec = parent.task().spec();
    ended(spec, "a", TaskState.COMPLETED);
    ended(spec, "b", TaskState.FAILED);
    settle(parent, new Ending.Failed(ERROR));
    ended(spec, "c", TaskState.CANCELLED);
    retry(spec);

    assertThat(children().abandoned(10, 10)).as("it runs again").isEmpty();
    assertThat(children().reopen(spec.id()))
        .containsExactlyInAnyOrder(TaskId.child(spec.id(), "b"), TaskId.child(spec.id(), "c"));
    assertThat(children().reopen(spec.id())).isEmpty();
    assertThat(unread(spec)).containsExactly("a");
    assertThat(open(spec)).isEqualTo(3);
    await(claim(spec), 0, List.of());
    assertThat(get(spec).waitingOn()).isEqualTo(3);
    ended(spec, "b", TaskState.COMPLETED);
    assertThat(unread(spec)).containsExactly("a", "b");
    assertThat(children().reopen(TaskId.random())).isEmpty();
  }
}
