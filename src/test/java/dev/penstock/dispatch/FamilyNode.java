package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryPolicy;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.task.ChildTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A node with its chores and a worker, done by hand second by second. Parents ask for some
 * children, count those that have ended, and ask for more until there are enough.
 */
final class FamilyNode {
  /** A store that was never away. */
  private static final Absence NEVER = new Absence(Rig.LEASE, Duration.ZERO, () -> 0);

  static final Lane PARENTS = new Lane("parents", null);
  static final Lane CHILDREN = new Lane("children", null);

  /** How many children a parent asks for at a time, and in all. */
  static final int AT_A_TIME = 3;

  static final int IN_ALL = 5;

  private static final int SETTLE_TRIES = 3;
  private static final byte[] FAILS = "\"fails\"".getBytes(StandardCharsets.UTF_8);

  private final Rig rig;
  private final Submissions submissions;
  private final Unsent unsent;
  final Dispatcher dispatcher;
  final ManualChanges byHand;
  private final Families families;
  private final FoundChildren found;
  private final List<Runnable> chores;

  /** When each child has begun, the last time. */
  final Map<TaskId, Instant> begun = new HashMap<>();

  FamilyNode(Rig rig, TaskStore store, TaskQueue queue) {
    this.rig = rig;
    unsent = new Unsent(store, queue);
    var room = new StoreRoom(store, () -> 1L << 30, () -> true, System::nanoTime);
    submissions = new Submissions(store, queue, rig.recorder, rig.clock, unsent, room);
    families = new Families(store, queue, rig.recorder, unsent);
    dispatcher =
        new Dispatcher(
            store,
            queue,
            rig.bus,
            rig.meters,
            rig.recorder,
            rig.pauses,
            new Settlements(
                store,
                new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(1)),
                new ChildSpecs((lane, _) -> lane, rig.clock),
                3,
                room::full),
            families,
            Rig.LEASE,
            rig.clock,
            unsent);
    byHand = new ManualChanges(store, dispatcher, families);
    found = new FoundChildren(store);
    var cancels = new Cancels(store, dispatcher, families);
    chores =
        List.of(
            new Sweeper(
                store,
                dispatcher,
                Duration.ofSeconds(10),
                3,
                NEVER,
                () -> Optional.of(Living.UNKNOWN)),
            new Expiry(store),
            new Scheduler(store, dispatcher),
            families,
            new Abandoned(store, cancels, families),
            new LateInserts(store, families, cancels),
            new MissedEnds(store, families, () -> rig.clock.millis() * 1_000_000),
            () -> store.children().releaseForgotten(100),
            unsent);
  }

  /**
   * A parent for this node.
   *
   * @param failing whether its second child fails
   */
  TaskSpec submit(boolean failing) {
    var spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(PARENTS, Priority.TASK, failing ? FAILS : bytes("{}"), null),
            new TaskSpec.Limits(2, Duration.ofMinutes(10)),
            new TaskSpec.Retention(Duration.ofHours(1), Duration.ofHours(1)),
            new TaskSpec.Origin("owner", Map.of(), null, null));
    var _ = submissions.submit(new SubmitTasks(List.of(spec)));
    return spec;
  }

  /** A second's chores, and all the work that there is. */
  void turn() throws InterruptedException {
    for (Runnable chore : chores) {
      try {
        chore.run();
      } catch (Unavailable e) {
        // As a Ticker does: the next run is soon.
      }
    }
    work(PARENTS);
    work(CHILDREN);
  }

  void work(Lane lane) throws InterruptedException {
    List<LeasedTask> leased;
    try {
      leased =
          dispatcher
              .lease(
                  new LeaseTasks(
                      "worker",
                      lane,
                      10,
                      1 << 20,
                      Priority.LOWEST,
                      Suspects.TAKE,
                      Duration.ofMillis(1)))
              .tasks();
    } catch (Unavailable e) {
      return;
    }
    for (LeasedTask one : leased) {
      settle(lane.equals(PARENTS) ? parent(one) : child(one));
    }
  }

  private void settle(SettleTask ended) {
    for (int i = 0; i < SETTLE_TRIES; i++) {
      try {
        dispatcher.settle(List.of(ended));
        return;
      } catch (Unavailable e) {
        // As a LaneRunner does, until the lease has lapsed.
      }
    }
  }

  private SettleTask child(LeasedTask leased) {
    begun.put(leased.task().id(), rig.clock.instant());
    boolean fails = new String(leased.task().spec().input(), StandardCharsets.UTF_8).equals("1");
    Outcome outcome =
        fails ? new Outcome.Reject(Rig.ERROR) : new Outcome.Done(TaskOutput.json("1"));
    return ended(leased, outcome, null);
  }

  /** What a parent knows: how many it has asked for, and how they have ended. */
  private record Count(int asked, int completed, int failed) {
    private static Count of(byte @Nullable [] state) {
      if (state == null) {
        return new Count(0, 0, 0);
      }
      var numbers = ByteBuffer.wrap(state);
      return new Count(numbers.getInt(), numbers.getInt(), numbers.getInt());
    }

    private byte[] bytes() {
      return ByteBuffer.allocate(3 * Integer.BYTES)
          .putInt(asked)
          .putInt(completed)
          .putInt(failed)
          .array();
    }
  }

  private SettleTask parent(LeasedTask leased) {
    TaskSpec spec = leased.task().spec();
    boolean failing = spec.input().length == FAILS.length;
    Count count = Count.of(leased.checkpoint());
    EndedChildren page = found.find(new FindChildren(spec.id(), leased.lease().token(), null, 100));
    List<TaskId> read = new ArrayList<>();
    int completed = count.completed;
    int failed = count.failed;
    for (EndedChildren.Child child : page.children()) {
      read.add(child.id());
      if (child.state() == TaskState.COMPLETED) {
        completed++;
      } else {
        failed++;
      }
    }
    var now = new Count(count.asked, completed, failed);
    var kept = new Checkpoint(now.bytes(), read);
    if (failing && failed > 0) {
      return ended(
          leased,
          new Outcome.Reject(new TaskError(TaskError.Code.HANDLER_FAILED, "a child failed")),
          null);
    }
    if (completed + failed == IN_ALL) {
      return ended(leased, new Outcome.Done(TaskOutput.json(Integer.toString(completed))), kept);
    }
    List<ChildTask> more = new ArrayList<>();
    int asked = count.asked;
    while (asked < IN_ALL && asked - completed - failed < AT_A_TIME) {
      more.add(ChildTask.of("child " + asked, CHILDREN, failing ? asked : -1));
      asked++;
    }
    byte[] later = new Count(asked, completed, failed).bytes();
    int wakeAt = asked < IN_ALL ? AT_A_TIME - 1 : 0;
    return ended(leased, new Outcome.Await(more, wakeAt, null, true, later), kept);
  }

  private static SettleTask ended(
      LeasedTask leased, Outcome outcome, @Nullable Checkpoint checkpoint) {
    return new SettleTask(
        leased.task().id(),
        leased.task().spec().lane(),
        leased.lease().token(),
        outcome,
        checkpoint);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
