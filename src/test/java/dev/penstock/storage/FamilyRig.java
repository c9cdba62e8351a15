package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Awaiting;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.core.NewChild;
import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.ChildStore.Ended;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What tests do with tasks that have checkpoints and children. */
public interface FamilyRig extends StoreRig {

  default ChildStore children() {
    return store().children();
  }

  /** A child of that key, asked for now. */
  default TaskSpec child(TaskSpec parent, String key) {
    return new TaskSpec(
        TaskId.child(parent.id(), key),
        new TaskSpec.Work(LANE, Priority.TASK, bytes("{\"key\":\"" + key + "\"}"), null),
        new TaskSpec.Limits(3, Duration.ofSeconds(60)),
        new TaskSpec.Retention(KEEP_COMPLETED, KEEP_FAILED),
        new TaskSpec.Origin(
            parent.owner(), Map.of("key", key), null, null, parent.id(), clock().instant()));
  }

  default List<TaskSpec> childrenOf(TaskSpec parent, String... keys) {
    return Stream.of(keys).map(key -> child(parent, key)).toList();
  }

  default Ending waits(
      List<TaskSpec> children, int wakeAt, @Nullable Duration atMost, boolean wakeOnFailure) {
    List<NewChild> asked =
        children.stream()
            .map(spec -> new NewChild(spec.metadata().getOrDefault("key", "?"), spec))
            .toList();
    return new Ending.Waits(new Awaiting(asked, wakeAt, atMost, wakeOnFailure));
  }

  /** Waits for these children, and those before, until at most so many are open. */
  default Settled await(Claim.Claimed parent, int wakeAt, List<TaskSpec> children) {
    return settle(parent, waits(children, wakeAt, null, false));
  }

  /** A waiting parent, whose children of these keys are new. */
  default TaskSpec waitingFor(int wakeAt, String... keys) {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    assertThat(await(parent, wakeAt, childrenOf(spec, keys))).isInstanceOf(Settled.Now.class);
    return spec;
  }

  /** A parent that runs, and whose children of these keys are open: their tasks are kept. */
  default Claim.Claimed runningWith(String... keys) {
    TaskSpec parent = waitingFor(keys.length, keys);
    insertNew(childrenOf(parent, keys));
    return claim(parent);
  }

  /** A waiting parent whose children of these keys are open: their tasks are kept. */
  default TaskSpec waitingForOpen(int wakeAt, String... keys) {
    TaskSpec parent = waitingFor(wakeAt, keys);
    insertNew(childrenOf(parent, keys));
    return parent;
  }

  default void insertNew(List<TaskSpec> children) {
    store().insert(children);
    assertThat(children().inserted(children)).isEmpty();
  }

  /** The mark alone, whatever is known of the child's task. */
  default List<TaskSpec> ended(TaskSpec parent, String key, TaskState state) {
    return children().ended(List.of(end(parent, key, state)));
  }

  default End end(TaskSpec parent, String key, TaskState state) {
    return new End(parent.id(), TaskId.child(parent.id(), key), state);
  }

  default Settled settle(Claim.Claimed claimed, Ending ending, Checkpoint checkpoint) {
    return store()
        .settle(
            List.of(new Settle(claimed.task().id(), claimed.lease().token(), ending, checkpoint)))
        .getFirst();
  }

  default boolean extend(Claim.Claimed claimed, Checkpoint checkpoint) {
    var held = new HeldLease(claimed.task().id(), claimed.lease().token(), null, checkpoint);
    return store().extend(List.of(held), LEASE).isEmpty();
  }

  default Checkpoint checkpoint(String state, TaskId... read) {
    return new Checkpoint(bytes(state), List.of(read));
  }

  /** The keys of the children that have ended and are not read, sorted. */
  default List<String> unread(TaskSpec parent) {
    return children().unread(parent.id(), null, 1_000).children().stream()
        .map(Ended::key)
        .sorted()
        .toList();
  }

  default int open(TaskSpec parent) {
    return children().unread(parent.id(), null, 1).open();
  }

  /** All that are to be inserted, of whatever age. */
  default List<TaskId> toInsert() {
    return TestTasks.ids(children().toInsert(Duration.ZERO, 1_000)).stream().sorted(BY_ID).toList();
  }

  default List<Family> allWaiting(int limit) {
    List<Family> all = new ArrayList<>();
    @Nullable TaskId after = null;
    while (true) {
      List<Family> some = children().waiting(after, limit);
      assertThat(some).hasSizeLessThanOrEqualTo(limit);
      all.addAll(some);
      if (some.size() < limit) {
        return all;
      }
      after = some.getLast().parent();
    }
  }

  /** Many rounds of the chore, so that it has come by everywhere. */
  default int releaseForgotten() {
    int released = 0;
    for (int round = 0; round < 40; round++) {
      released += children().releaseForgotten(5);
    }
    return released;
  }

  Comparator<TaskId> BY_ID = Comparator.comparing(TaskId::value);

  default List<TaskId> sorted(List<TaskSpec> specs) {
    return TestTasks.ids(specs).stream().sorted(BY_ID).toList();
  }
}
