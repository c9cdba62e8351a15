package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The records of children: whose they are, and how long they are kept. */
interface ChildRecordsContract extends FamilyRig {

  @Test
  default void aChildKnowsItsParentAndWhenItWasAskedFor() throws Exception {
    TaskSpec parent = inserted(task());
    clock().advance(Duration.ofMinutes(5));
    TaskSpec child = inserted(child(parent, "a"));
    restart();

    assertThat(child.submittedAt()).isEqualTo(clock().instant());
    assertSame(get(child).spec(), child);
    assertSame(claim(child).task().spec(), child);
    TaskSpec brief = known(store().findAll(List.of(child.id())), child).spec();
    assertThat(brief.origin()).isEqualTo(child.origin());
    assertThat(store().list(TaskFilter.of("owner"), null, 1).tasks().getFirst().spec().origin())
        .isEqualTo(child.origin());
    assertThat(get(parent).spec().parent()).isNull();
    assertThat(get(parent).spec().origin().submittedAt()).isNull();
  }

  default List<TaskId> idsOf(TaskFilter filter) {
    return store().list(filter, null, 100).tasks().stream().map(Task::id).toList();
  }

  @Test
  default void theChildrenOfATaskAreListed() {
    Claim.Claimed parent = runningWith("a", "b", "c", "d");
    TaskSpec spec = parent.task().spec();
    List<TaskSpec> all = childrenOf(spec, "a", "b", "c", "d");
    runningWith("a", "x");
    complete(all.get(1));
    fail(all.get(2));
    TaskFilter family = TaskFilter.of("owner").childrenOf(spec.id());
    List<TaskId> newestFirst = TestTasks.ids(all).reversed();

    assertThat(idsOf(family)).containsExactlyInAnyOrderElementsOf(newestFirst);
    assertThat(idsOf(family.in(Set.of(TaskState.COMPLETED)))).containsExactly(all.get(1).id());
    assertThat(idsOf(family.in(Set.of(TaskState.PENDING, TaskState.FAILED))))
        .containsExactlyInAnyOrder(all.get(0).id(), all.get(2).id(), all.get(3).id());
    assertThat(idsOf(TaskFilter.of("other").childrenOf(spec.id()))).isEmpty();
    assertThat(idsOf(TaskFilter.of("owner").childrenOf(all.get(0).id()))).isEmpty();
    TaskFilter ping = new TaskFilter("owner", Set.of(), "ping", null, null, spec.id());
    assertThat(idsOf(ping)).isEmpty();
    TaskFilter text = new TaskFilter("owner", Set.of(), null, null, "\"d\"", spec.id());
    assertThat(idsOf(text)).containsExactly(all.get(3).id());
    TaskPage page = store().list(family, null, 3);
    assertThat(page.more()).isTrue();
    TaskPage rest = store().list(family, page.tasks().getLast().id(), 3);
    assertThat(rest.tasks()).hasSize(1);
    assertThat(rest.more()).isFalse();
    assertThat(rest.tasks().getFirst().id()).isNotIn(page.tasks().stream().map(Task::id).toList());
  }

  @Test
  default void childrenOfAnotherLaneAreListedToo() {
    TaskSpec parent = inserted(task());
    TaskSpec ping = task(new Lane("ping", null));
    TaskSpec child =
        inserted(
            new TaskSpec(
                TaskId.child(parent.id(), "p"),
                ping.work(),
                ping.limits(),
                ping.retention(),
                child(parent, "p").origin()));
    TaskFilter family = TaskFilter.of("owner").childrenOf(parent.id());
    assertThat(idsOf(family)).containsExactly(child.id());
    claim(child);
    assertThat(idsOf(family.in(Set.of(TaskState.PROCESSING)))).containsExactly(child.id());
  }

  /** The children "a" to "d" of a parent that runs, ended in each way there is. */
  default TaskSpec parentOfEnded() {
    Claim.Claimed parent = runningWith("a", "b", "c", "d");
    TaskSpec spec = parent.task().spec();
    settle(parent, waits(List.of(), 0, null, false));
    List<TaskSpec> all = childrenOf(spec, "a", "b", "c", "d");
    complete(all.get(0));
    fail(all.get(1));
    cancel(all.get(2));
    claim(all.get(3));
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    assertThat(store().reclaimLapsed(MARGIN, 0, 10).failed()).hasSize(1);
    ended(spec, "a", TaskState.COMPLETED);
    ended(spec, "b", TaskState.FAILED);
    ended(spec, "c", TaskState.CANCELLED);
    ended(spec, "d", TaskState.FAILED);
    return spec;
  }

  default List<TaskId> childIds(TaskSpec parent) {
    return TestTasks.ids(childrenOf(parent, "a", "b", "c", "d"));
  }

  @Test
  default void aChildIsKeptUntilItIsReleased() throws Exception {
    TaskSpec parent = parentOfEnded();
    List<TaskId> all = childIds(parent);
    clock().advance(Duration.ofDays(100));
    assertThat(store().deleteExpired(100)).isZero();
    assertThat(deleteOldestCompleted(100)).isZero();
    children().release(parent.id(), all);
    clock().advance(Duration.ofMinutes(1));
    children().release(parent.id(), all);
    restart();
    clock().advance(KEEP_COMPLETED.minusMinutes(1).minusMillis(1));
    assertThat(store().deleteExpired(100)).as("not yet").isZero();
    clock().advance(Duration.ofMillis(1));

    assertThat(store().deleteExpired(100)).as("completed and cancelled").isEqualTo(2);
    clock().advance(KEEP_FAILED.minus(KEEP_COMPLETED));
    assertThat(store().deleteExpired(100)).as("failed").isEqualTo(2);
    assertThat(store().findAll(all)).isEmpty();
  }

  @Test
  default void aReleasedChildMayGoEarly() {
    TaskSpec parent = parentOfEnded();
    complete(inserted(task()));
    assertThat(deleteOldestCompleted(1)).as("the one that is no child").isEqualTo(1);
    assertThat(deleteOldestCompleted(10)).isZero();
    children().release(parent.id(), childIds(parent));
    assertThat(deleteOldestCompleted(10)).isEqualTo(1);
    assertThat(store().find(TaskId.child(parent.id(), "a"))).isEmpty();
  }

  @Test
  default void nobodyReleasesTheChildrenOfAnother() {
    TaskSpec parent = parentOfEnded();
    children().release(inserted(task()).id(), childIds(parent));
    clock().advance(Duration.ofDays(100));
    assertThat(store().deleteExpired(100)).isZero();
    assertThat(deleteOldestCompleted(100)).isZero();
  }

  @Test
  default void onlyWhoHasEndedIsReleased() {
    TaskSpec parent = waitingForOpen(0, "a", "b");
    List<TaskSpec> both = childrenOf(parent, "a", "b");
    claim(both.getFirst());
    children()
        .release(parent.id(), List.of(both.getFirst().id(), both.getLast().id(), TaskId.random()));
    complete(both.getLast());
    children().release(parent.id(), List.of());
    clock().advance(Duration.ofDays(1));
    assertThat(store().deleteExpired(100)).isZero();
    assertThat(get(both.getFirst()).state()).isEqualTo(TaskState.PROCESSING);
  }

  @Test
  default void aChildThatWasRunAgainIsKeptAgain() {
    TaskSpec parent = parentOfEnded();
    TaskSpec failed = child(parent, "b");
    children().release(parent.id(), List.of(failed.id()));
    retry(failed);
    complete(failed);
    clock().advance(Duration.ofDays(100));
    assertThat(store().deleteExpired(100)).isZero();
  }

  @Test
  default void childrenOfWhoLivesOrHasFailedAreNotForgotten() {
    TaskSpec waiting = waitingForOpen(0, "a", "b");
    complete(child(waiting, "a"));
    TaskSpec living = parentOfEnded();
    TaskSpec failed = parentOfEnded();
    fail(failed);
    TaskSpec cancelled = parentOfEnded();
    cancel(cancelled);
    assertThat(releaseForgotten()).isZero();
    assertThat(get(living).state()).isEqualTo(TaskState.PENDING);
    assertThat(get(child(waiting, "a")).state()).isEqualTo(TaskState.COMPLETED);
  }

  @Test
  default void childrenOfWhoHasCompletedOrIsGoneAreReleased() {
    TaskSpec completed = parentOfEnded();
    complete(completed);
    assertThat(releaseForgotten()).isEqualTo(4);
    assertThat(releaseForgotten()).isZero();
    clock().advance(KEEP_FAILED);
    assertThat(store().deleteExpired(100)).isEqualTo(5);

    TaskSpec gone = parentOfEnded();
    fail(gone);
    clock().advance(KEEP_FAILED);
    assertThat(store().deleteExpired(100)).as("the parent").isEqualTo(1);
    assertThat(store().findAll(childIds(gone))).hasSize(4);
    assertThat(releaseForgotten()).isEqualTo(4);
    clock().advance(KEEP_FAILED);
    assertThat(store().deleteExpired(100)).isEqualTo(4);
  }

  @Test
  default void childrenThatAreReadOrWereNeverListedAreReleased() {
    TaskSpec parent = parentOfEnded();
    Claim.Claimed run = claim(parent);
    extend(run, checkpoint("1", TaskId.child(parent.id(), "a"), TaskId.child(parent.id(), "b")));
    TaskSpec stranger = inserted(child(parent, "z"));
    complete(stranger);
    TaskSpec orphan = inserted(child(task(), "a"));
    fail(orphan);
    assertThat(releaseForgotten()).isEqualTo(4);
    settle(run, new Ending.Failed(ERROR));
    assertThat(releaseForgotten()).isZero();
    clock().advance(KEEP_COMPLETED);
    assertThat(store().deleteExpired(100)).as("two have completed").isEqualTo(2);
  }
}
