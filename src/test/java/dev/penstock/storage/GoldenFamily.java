package dev.penstock.storage;

import static dev.penstock.storage.GoldenTasks.EMBEDDING;
import static dev.penstock.storage.GoldenTasks.id;
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
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A store with checkpoints and children in every state, always the same: how it comes to be, how it
 * reads, and how its tasks go on.
 */
public final class GoldenFamily {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final TaskError THREW = new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw");

  /** Waits for the open "c" and the new "dä"; "a" is read, "b" is not. */
  private static final TaskSpec WAITS = task("m");

  /** Was cancelled while it waited for "a". */
  private static final TaskSpec CANCELLED = task("n");

  /** Runs, and has a checkpoint. */
  private static final TaskSpec RUNS = task("o");

  private GoldenFamily() {}

  private static TaskSpec task(String digit) {
    return GoldenTasks.spec(
        id(digit), EMBEDDING, "owner", 5, "{\"input\":1}", null, Map.of("n", digit), null, null);
  }

  private static TaskSpec child(TaskSpec parent, String key) {
    TaskSpec like = task("p");
    return new TaskSpec(
        TaskId.child(parent.id(), key),
        like.work(),
        like.limits(),
        like.retention(),
        new TaskSpec.Origin(
            "owner",
            Map.of("größe", key),
            null,
            null,
            parent.id(),
            SettableClock.START.plusSeconds(1)));
  }

  // --- how it comes to be

  /** Adds the tasks to a store. */
  public static void play(TaskStore store) {
    store.insert(List.of(WAITS, CANCELLED, RUNS));
    settle(store, WAITS, awaiting(WAITS, 3, null, "a", "b", "c"), "first");
    List<TaskSpec> three = Stream.of("a", "b", "c").map(key -> child(WAITS, key)).toList();
    store.insert(three);
    store.children().inserted(three);
    settle(store, three.get(0), new Ending.Completed(TaskOutput.json("1")));
    settle(store, three.get(1), new Ending.Failed(THREW));
    end(store, WAITS, "a", TaskState.COMPLETED);
    end(store, WAITS, "b", TaskState.FAILED);
    settle(store, WAITS, awaiting(WAITS, 0, Duration.ofHours(1), "dä"), "second", "a");
    settle(store, CANCELLED, awaiting(CANCELLED, 0, null, "a"));
    store.cancel(List.of(CANCELLED.id()));
    var checkpoint = new Checkpoint(new byte[] {0, 1, -1}, List.of());
    store.extend(List.of(new HeldLease(RUNS.id(), claim(store, RUNS), null, checkpoint)), LEASE);
  }

  private static Ending awaiting(
      TaskSpec parent, int wakeAt, @Nullable Duration atMost, String... keys) {
    List<NewChild> children =
        Stream.of(keys).map(key -> new NewChild(key, child(parent, key))).toList();
    return new Ending.Waits(new Awaiting(children, wakeAt, atMost, true));
  }

  private static String claim(TaskStore store, TaskSpec spec) {
    return ((Claim.Claimed) store.claim(List.of(spec.id()), "worker-1", LEASE, false).getFirst())
        .lease()
        .token();
  }

  private static void settle(TaskStore store, TaskSpec spec, Ending ending) {
    settle(store, new Settle(spec.id(), claim(store, spec), ending));
  }

  private static void settle(
      TaskStore store, TaskSpec spec, Ending ending, String state, String... read) {
    byte[] bytes = state.getBytes(StandardCharsets.UTF_8);
    var checkpoint =
        new Checkpoint(bytes, Stream.of(read).map(key -> child(spec, key).id()).toList());
    settle(store, new Settle(spec.id(), claim(store, spec), ending, checkpoint));
  }

  private static void settle(TaskStore store, Settle settle) {
    assertThat(store.settle(List.of(settle)).getFirst()).isInstanceOf(Settled.Now.class);
  }

  private static List<TaskSpec> end(TaskStore store, TaskSpec parent, String key, TaskState state) {
    return store
        .children()
        .ended(List.of(new End(parent.id(), TaskId.child(parent.id(), key), state)));
  }

  // --- how it reads

  /** What the store tells of it. */
  public static void checkRead(TaskStore store) {
    assertThat(store.find(WAITS.id()).orElseThrow().waitingOn()).isEqualTo(2);
    assertThat(store.find(child(WAITS, "c").id()).orElseThrow().spec())
        .usingRecursiveComparison()
        .isEqualTo(child(WAITS, "c"));
    assertThat(store.find(RUNS.id()).orElseThrow().waitingOn()).isZero();
    ChildStore children = store.children();
    assertThat(children.unread(WAITS.id(), null, 9))
        .isEqualTo(
            new ChildStore.Page(
                List.of(new Ended(child(WAITS, "b").id(), "b", TaskState.FAILED)), false, 2));
    assertThat(children.waiting(null, 9))
        .containsExactly(new Family(WAITS.id(), List.of(child(WAITS, "c").id())));
    assertThat(children.abandoned(9, 9))
        .containsExactly(new Family(CANCELLED.id(), List.of(child(CANCELLED, "a").id())));
    List<TaskSpec> added = children.toInsert(Duration.ZERO, 9);
    assertThat(added).hasSize(1);
    assertThat(added.getFirst()).usingRecursiveComparison().isEqualTo(child(WAITS, "dä"));
  }

  // --- how it goes on

  /** Its tasks go on from where they were, when their leases have lapsed. */
  public static void goOn(TaskStore store, SettableClock clock) {
    ChildStore children = store.children();
    clock.advance(LEASE.plusSeconds(1));
    assertThat(store.reclaimLapsed(Duration.ZERO, 2, 9).ready()).hasSize(1);
    var again = (Claim.Claimed) store.claim(List.of(RUNS.id()), "w", LEASE, true).getFirst();
    assertThat(again.checkpoint()).containsExactly(0, 1, -1);
    assertThat(again.run()).isEqualTo(2);
    assertThat(children.wakeDue(9)).isEmpty();
    clock.advance(Duration.ofHours(1));
    assertThat(children.wakeDue(9)).extracting(TaskSpec::id).containsExactly(WAITS.id());
    var woken = (Claim.Claimed) store.claim(List.of(WAITS.id()), "w", LEASE, false).getFirst();
    assertThat(woken.checkpoint()).asString().isEqualTo("second");
    assertThat(woken.run()).isEqualTo(3);
    List<TaskSpec> added = children.toInsert(Duration.ZERO, 9);
    store.insert(added);
    assertThat(children.inserted(added)).isEmpty();
    store.cancel(List.of(child(WAITS, "c").id(), child(WAITS, "dä").id()));
    assertThat(end(store, WAITS, "c", TaskState.CANCELLED)).isEmpty();
    assertThat(end(store, WAITS, "dä", TaskState.CANCELLED)).isEmpty();
    assertThat(end(store, CANCELLED, "a", TaskState.CANCELLED)).isEmpty();
    assertThat(children.abandoned(9, 9)).isEmpty();
    settle(
        store,
        new Settle(WAITS.id(), woken.lease().token(), new Ending.Completed(TaskOutput.json("1"))));
    List<TaskId> family = List.of(child(WAITS, "a").id(), child(WAITS, "dä").id());
    clock.advance(Duration.ofDays(8));
    store.deleteExpired(99);
    assertThat(store.find(WAITS.id())).isEmpty();
    assertThat(store.findAll(family)).as("not released").hasSize(2);
    int released = 0;
    for (int round = 0; round < 50; round++) {
      released += children.releaseForgotten(9);
    }
    assertThat(released).isEqualTo(4);
    clock.advance(Duration.ofDays(8));
    assertThat(store.deleteExpired(99)).isEqualTo(4);
  }
}
