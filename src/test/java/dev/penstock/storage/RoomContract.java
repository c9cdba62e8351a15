package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static dev.penstock.storage.TestTasks.withInput;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.DeleteResult;
import dev.penstock.core.Ending;
import dev.penstock.core.RetryResult;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.Identity;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What leaves where room is needed or somebody wants it gone, and what does not. */
interface RoomContract extends FamilyRig {
  Duration MINUTE = Duration.ofMinutes(1);
  DeleteResult GONE = new DeleteResult.Now();

  default int deleteOldest(TaskState state, int limit) {
    return store().deleteOldest(state, MINUTE, limit);
  }

  default long liveBytes(String owner) {
    return store().liveBytes().getOrDefault(owner, 0L);
  }

  default DeleteResult delete(TaskSpec spec) {
    return store().delete(List.of(spec.id())).getFirst();
  }

  /** One that has ended in that state. */
  default TaskSpec ended(TaskState state) {
    TaskSpec spec = inserted(task());
    switch (state) {
      case COMPLETED -> complete(spec);
      case FAILED -> fail(spec);
      case CANCELLED -> cancel(spec);
      case PENDING, PROCESSING -> throw new IllegalArgumentException("has not ended");
    }
    return spec;
  }

  @Test
  default void ofEveryStateThoseThatEndedFirstLeaveFirst() {
    for (TaskState state : List.of(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)) {
      List<TaskSpec> specs = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        specs.add(ended(state));
        clock().advance(Duration.ofSeconds(1));
      }
      clock().advance(MINUTE);

      assertThat(deleteOldest(state, 4)).isEqualTo(4);
      assertThat(store().findAll(ids(specs)))
          .containsOnlyKeys(specs.get(4).id(), specs.get(5).id());
    }
  }

  @Test
  default void whatHasEndedIsKeptForAMinute() {
    TaskSpec live = inserted(task());
    for (TaskState state : List.of(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)) {
      TaskSpec spec = ended(state);
      clock().advance(MINUTE.minusMillis(1));
      assertThat(deleteOldest(state, 10)).as("%s a little less than a minute ago", state).isZero();
      assertThat(store().find(spec.id())).isPresent();
      clock().advance(Duration.ofMillis(1));
      assertThat(deleteOldest(state, 10)).isEqualTo(1);
      assertThat(store().find(spec.id())).isEmpty();
    }
    assertThat(get(live).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void manyTasksOfOneMomentAllLeave() {
    List<TaskSpec> specs = tasks(1_300);
    store().insert(specs);
    store().cancel(ids(specs));
    clock().advance(MINUTE);

    assertThat(deleteOldest(TaskState.CANCELLED, 700)).isEqualTo(700);
    assertThat(deleteOldest(TaskState.CANCELLED, 700)).isEqualTo(600);
    assertThat(deleteOldest(TaskState.CANCELLED, 700)).isZero();
  }

  @Test
  default void childrenStayForTheirParentHoweverLittleRoomThereIs() {
    TaskSpec parent = waitingForOpen(1, "a", "b");
    List<TaskSpec> both = childrenOf(parent, "a", "b");
    fail(both.get(0));
    cancel(both.get(1));
    clock().advance(MINUTE);

    assertThat(deleteOldest(TaskState.FAILED, 10)).isZero();
    assertThat(deleteOldest(TaskState.CANCELLED, 10)).isZero();
    assertThat(store().dropCancelledInputs(10)).isZero();
    assertThat(store().findAll(ids(both))).hasSize(2);
  }

  @Test
  default void aCancelledTaskWithoutItsInputCannotBeRetried() throws Exception {
    TaskSpec first = inserted(task());
    TaskSpec second = inserted(task());
    TaskSpec failed = ended(TaskState.FAILED);
    TaskSpec live = inserted(task());
    cancel(first);
    clock().advance(Duration.ofSeconds(1));
    cancel(second);
    assertThat(store().dropCancelledInputs(1)).isEqualTo(1);
    restart();

    assertThat(retry(first)).isEqualTo(new RetryResult.InputGone());
    assertThat(get(first).state()).isEqualTo(TaskState.CANCELLED);
    assertThat(get(first).spec().input()).isEmpty();
    assertThat(retry(second)).isInstanceOf(RetryResult.Now.class);
    assertThat(store().dropCancelledInputs(10)).as("the second one is not cancelled").isZero();
    assertThat(get(second).spec().input()).isNotEmpty();
    assertThat(get(failed).spec().input()).isNotEmpty();
    assertThat(get(live).spec().input()).isNotEmpty();
  }

  @Test
  default void inputsThatLeaveMakeRoom() {
    TaskSpec spec = inserted(withInput(new byte[500_000], task()));
    cancel(spec);
    long before = store().bytes();
    assertThat(store().dropCancelledInputs(10)).isEqualTo(1);
    assertThat(store().bytes()).isLessThan(before - 400_000);
  }

  @Test
  default void whatIsDeletedByHandIsGoneAndWhatIsLiveStays() throws Exception {
    Identity name = new Identity.Named("order-9", "digest");
    TaskSpec completed = inserted(as(name, task()));
    complete(completed);
    TaskSpec failed = ended(TaskState.FAILED);
    TaskSpec cancelled = ended(TaskState.CANCELLED);
    TaskSpec pending = inserted(task());
    TaskSpec scheduled = inserted(taskAt(clock().instant().plusSeconds(60)));
    Claim.Claimed running = claimed();
    TaskId unknown = TaskId.random();
    List<TaskId> all = new ArrayList<>(ids(List.of(completed, failed, cancelled)));
    all.addAll(List.of(pending.id(), scheduled.id(), running.task().id(), unknown));
    List<DeleteResult> results = store().delete(all);

    assertThat(results.subList(0, 3)).containsOnly(GONE);
    assertThat(results.subList(3, 6))
        .extracting(one -> ((DeleteResult.Live) one).task().state())
        .containsExactly(TaskState.PENDING, TaskState.PENDING, TaskState.PROCESSING);
    assertThat(results.get(6)).isEqualTo(new DeleteResult.Unknown());
    restart();
    assertThat(store().findAll(all)).hasSize(3);
    assertThat(store().figures().states())
        .containsEntry(TaskState.COMPLETED, 0L)
        .containsEntry(TaskState.FAILED, 0L)
        .containsEntry(TaskState.CANCELLED, 0L);
    assertThat(delete(completed)).isEqualTo(new DeleteResult.Unknown());
    assertThat(store().insert(List.of(as(name, task()))))
        .as("its name is free")
        .hasExactlyElementsOfTypes(Inserted.Kept.class);
    assertThat(store().delete(List.of())).isEmpty();
  }

  @Test
  default void noMessageBringsBackWhatHasLeft() {
    TaskSpec deleted = ended(TaskState.FAILED);
    delete(deleted);
    TaskSpec cleared = ended(TaskState.COMPLETED);
    clock().advance(MINUTE);
    assertThat(deleteOldest(TaskState.COMPLETED, 10)).isEqualTo(1);

    for (TaskSpec spec : List.of(deleted, cleared)) {
      assertThat(claimOnce(spec)).isInstanceOfAny(Claim.Settled.class, Claim.Unknown.class);
      assertThat(store().find(spec.id())).isEmpty();
    }
  }

  @Test
  default void aParentStaysUntilItsChildrenAreCancelled() {
    Claim.Claimed parent = runningWith("a", "b");
    TaskSpec spec = parent.task().spec();
    settle(parent, new Ending.Failed(ERROR));
    assertThat(delete(spec)).isEqualTo(new DeleteResult.Needed(null));
    for (TaskSpec child : childrenOf(spec, "a", "b")) {
      cancel(child);
      children()
          .ended(List.of(end(spec, child.metadata().getOrDefault("key", ""), TaskState.CANCELLED)));
    }

    assertThat(delete(spec)).isEqualTo(GONE);
    assertThat(delete(childrenOf(spec, "a").getFirst())).as("a child").isEqualTo(GONE);
    assertThat(releaseForgotten()).isEqualTo(1);
  }

  @Test
  default void anOwnersTasksCountAsLongAsTheyLive() throws Exception {
    assertThat(store().liveBytes()).isEmpty();
    TaskSpec spec = inserted(TestTasks.of("acme", withInput(new byte[10_000], task())));
    inserted(TestTasks.of("acme", taskAt(clock().instant().plusSeconds(60))));
    inserted(TestTasks.of("mill", task()));
    long acme = liveBytes("acme");
    assertThat(acme).isBetween(11_500L, 13_000L);
    assertThat(liveBytes("mill")).isBetween(1_000L, 1_500L);
    claim(spec);
    assertThat(store().liveBytes()).containsEntry("acme", acme);
    restart();
    cancel(spec);
    assertThat(liveBytes("acme")).isLessThan(2_000L);
    retry(spec);
    assertThat(liveBytes("acme")).isGreaterThan(11_500L);
    fail(spec);
    store().withdraw(spec.id());

    assertThat(liveBytes("acme")).isBetween(1_000L, 2_000L);
    store().cancelPending(TestTasks.LANE, 10);
    assertThat(store().liveBytes()).isEmpty();
  }

  @Test
  default void whatATaskMeansIsToldWithoutAddingIt() {
    Identity name = new Identity.Named("order-7", "digest");
    TaskSpec first = inserted(as(name, task()));
    TaskSpec alike = inserted(as(new Identity.Alike("work"), task(5)));
    List<Optional<Inserted>> meant =
        store()
            .meant(
                List.of(
                    first,
                    as(name, task()),
                    as(new Identity.Named("order-7", "another"), task()),
                    as(new Identity.Named("order-8", "digest"), task()),
                    as(new Identity.Alike("work"), task(5)),
                    as(new Identity.Alike("work"), task(9)),
                    task()));

    assertThat(meant.get(0).orElseThrow()).isInstanceOf(Inserted.Kept.class);
    assertThat(((Inserted.Earlier) meant.get(1).orElseThrow()).task().id()).isEqualTo(first.id());
    assertThat(meant.get(2)).contains(new Inserted.Conflict());
    assertThat(((Inserted.Earlier) meant.get(4).orElseThrow()).task().id()).isEqualTo(alike.id());
    assertThat(List.of(meant.get(3), meant.get(5), meant.get(6))).containsOnly(Optional.empty());
    assertThat(store().figures().states()).containsEntry(TaskState.PENDING, 2L);
    assertThat(store().withdraw(first.id())).as("somebody was answered with it").isFalse();
    assertThat(store().meant(List.of())).isEmpty();
  }

  @Test
  default void whatAnEarlierVersionTookForTheContentIsTheSameContent() {
    TaskSpec first = inserted(as(new Identity.Named("order-7", "with wait_seconds"), task()));
    Identity now = new Identity.Named("order-7", "without it", "with wait_seconds");
    var inserted = store().insert(List.of(as(now, task()))).getFirst();
    assertThat(((Inserted.Earlier) inserted).task().id()).isEqualTo(first.id());
  }
}
