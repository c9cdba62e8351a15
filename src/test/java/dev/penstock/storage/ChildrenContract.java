package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.storage.ChildStore.Ended;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a parent knows of its children: new, open, ended and not read. */
interface ChildrenContract extends FamilyRig {

  @Test
  default void newChildrenAreToBeInsertedOnceTheyAreOfAge() throws Exception {
    assertThat(children().toInsert(Duration.ZERO, 10)).isEmpty();
    TaskSpec parent = waitingFor(0, "a", "b");
    List<TaskSpec> both = childrenOf(parent, "a", "b");
    clock().advance(Duration.ofSeconds(2));
    TaskSpec younger = waitingFor(0, "c");
    restart();

    List<TaskSpec> due = children().toInsert(Duration.ofSeconds(2), 10);
    assertThat(sorted(due)).isEqualTo(sorted(both));
    for (TaskSpec one : due) {
      assertSame(one, one.id().equals(both.getFirst().id()) ? both.getFirst() : both.getLast());
    }
    assertThat(children().toInsert(Duration.ofSeconds(2), 1)).hasSize(1);
    assertThat(toInsert()).hasSize(3);
    insertNew(both);
    insertNew(both);
    assertThat(toInsert()).containsExactly(TaskId.child(younger.id(), "c"));
    assertThat(open(parent)).isEqualTo(2);
    assertThat(get(both.getFirst()).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void aWithdrawnChildIsStillToBeInserted() {
    TaskSpec parent = waitingFor(0, "a");
    List<TaskSpec> child = childrenOf(parent, "a");
    store().insert(child);
    assertThat(store().withdraw(child.getFirst().id())).isTrue();
    assertThat(toInsert()).isEqualTo(sorted(child));
  }

  @Test
  default void whoHasEndedIsNotToBeInserted() {
    TaskSpec parent = waitingFor(0, "a", "b");
    ended(parent, "a", TaskState.COMPLETED);
    assertThat(toInsert()).containsExactly(TaskId.child(parent.id(), "b"));
    assertThat(children().inserted(childrenOf(parent, "a", "b"))).isEmpty();
    assertThat(unread(parent)).containsExactly("a");
    assertThat(open(parent)).isEqualTo(1);
  }

  @Test
  default void childrenThatAreKnownStayAsTheyAre() {
    Claim.Claimed parent = runningWith("a", "b");
    TaskSpec spec = parent.task().spec();
    ended(spec, "a", TaskState.FAILED);
    Settled.Now now = (Settled.Now) await(parent, 1, childrenOf(spec, "a", "b", "c", "c"));
    assertThat(now.task().waitingOn()).isEqualTo(2);
    assertThat(unread(spec)).containsExactly("a");
    assertThat(toInsert()).containsExactly(TaskId.child(spec.id(), "c"));
  }

  @Test
  default void endedChildrenComeByIdPageByPage() {
    TaskSpec parent = waitingForOpen(0, "a", "b", "c", "d", "e", "f");
    ended(parent, "a", TaskState.COMPLETED);
    ended(parent, "b", TaskState.FAILED);
    ended(parent, "d", TaskState.CANCELLED);
    ended(parent, "e", TaskState.COMPLETED);
    List<Ended> all = new ArrayList<>();
    ChildStore.Page page = children().unread(parent.id(), null, 3);
    assertThat(page.children()).hasSize(3);
    assertThat(page.more()).isTrue();
    assertThat(page.open()).isEqualTo(2);
    all.addAll(page.children());
    page = children().unread(parent.id(), page.children().getLast().id(), 3);
    assertThat(page.more()).isFalse();
    all.addAll(page.children());
    assertThat(all).extracting(Ended::id).isEqualTo(sorted(childrenOf(parent, "a", "b", "d", "e")));
    assertThat(all)
        .containsExactlyInAnyOrder(
            new Ended(TaskId.child(parent.id(), "a"), "a", TaskState.COMPLETED),
            new Ended(TaskId.child(parent.id(), "b"), "b", TaskState.FAILED),
            new Ended(TaskId.child(parent.id(), "d"), "d", TaskState.CANCELLED),
            new Ended(TaskId.child(parent.id(), "e"), "e", TaskState.COMPLETED));

    page = children().unread(parent.id(), null, 4);
    assertThat(page.children()).hasSize(4);
    assertThat(page.more()).isFalse();
    TaskId last = page.children().getLast().id();
    assertThat(children().unread(parent.id(), last, 4))
        .isEqualTo(new ChildStore.Page(List.of(), false, 2));
    assertThat(children().unread(TaskId.random(), null, 4))
        .isEqualTo(new ChildStore.Page(List.of(), false, 0));
  }

  @Test
  default void whatIsReadLeavesTheListWithTheCheckpoint() {
    Claim.Claimed parent = runningWith("a", "b", "c", "ä/ 1");
    TaskSpec spec = parent.task().spec();
    for (String key : List.of("a", "b", "ä/ 1")) {
      ended(spec, key, TaskState.COMPLETED);
    }
    assertThat(extend(parent, checkpoint("1", TaskId.child(spec.id(), "a"), TaskId.random())))
        .isTrue();
    assertThat(unread(spec)).containsExactly("b", "ä/ 1");
    assertThat(ended(spec, "a", TaskState.COMPLETED)).isEmpty();
    assertThat(unread(spec)).as("it is listed no more").containsExactly("b", "ä/ 1");
    settle(
        parent,
        waits(childrenOf(spec, "d"), 2, null, false),
        checkpoint("2", TaskId.child(spec.id(), "b"), TaskId.child(spec.id(), "c")));
    assertThat(unread(spec)).containsExactly("ä/ 1");
    assertThat(open(spec)).as("an open one cannot be read").isEqualTo(2);
    assertThat(extend(parent, checkpoint("3", TaskId.child(spec.id(), "ä/ 1")))).isFalse();
    assertThat(unread(spec)).as("the lease was lost").containsExactly("ä/ 1");
    assertThat(claim(spec).checkpoint()).asString().isEqualTo("2");
  }

  @Test
  default void waitingParentsComeByIdPageByPage() {
    List<TaskSpec> parents = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      parents.add(waitingForOpen(0, "a", "b"));
    }
    TaskSpec young = waitingFor(0, "a");
    ended(parents.get(2), "b", TaskState.COMPLETED);
    ended(parents.get(3), "a", TaskState.COMPLETED);
    ended(parents.get(3), "b", TaskState.COMPLETED);
    cancel(parents.get(4));
    runningWith("a");

    List<Family> all = allWaiting(2);
    List<TaskSpec> waiting = List.of(parents.get(0), parents.get(1), parents.get(2), young);
    assertThat(all).extracting(Family::parent).isEqualTo(sorted(waiting));
    for (Family family : all) {
      if (family.parent().equals(young.id())) {
        assertThat(family.children()).as("it is not inserted").isEmpty();
      } else if (family.parent().equals(parents.get(2).id())) {
        assertThat(family.children()).containsExactly(TaskId.child(family.parent(), "a"));
      } else {
        assertThat(family.children())
            .containsExactlyInAnyOrder(
                TaskId.child(family.parent(), "a"), TaskId.child(family.parent(), "b"));
      }
    }
    assertThat(allWaiting(100)).hasSize(4);
  }

  @Test
  default void aParentsBytesDoNotGrowWithTheChildrenItHasHad() {
    TaskSpec spec = inserted(task());
    long before = 0;
    for (int round = 0; round < 60; round++) {
      String key = "child " + round;
      Claim.Claimed parent = claim(spec);
      List<TaskSpec> one = childrenOf(spec, key);
      await(parent, 0, one);
      insertNew(one);
      complete(one.getFirst());
      assertThat(ended(spec, key, TaskState.COMPLETED)).hasSize(1);
      Claim.Claimed woken = claim(spec);
      TaskId id = one.getFirst().id();
      settle(woken, new Ending.Returned(Duration.ZERO), checkpoint("state", id));
      children().release(spec.id(), List.of(id));
      clock().advance(Duration.ofDays(1));
      assertThat(store().deleteExpired(10)).isEqualTo(1);
      if (round == 20) {
        before = store().bytes();
      }
    }
    assertThat(store().bytes()).isLessThanOrEqualTo(before);
  }
}
