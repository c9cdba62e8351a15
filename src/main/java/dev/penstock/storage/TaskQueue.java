package dev.penstock.storage;

import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Where ready work waits for its turn. It delivers every message at least once: what was received
 * and neither acknowledged nor released when its receiver dies is delivered again. All methods
 * block, for a bounded time, and throw {@link dev.penstock.base.Unavailable} when the queue cannot
 * answer.
 */
public interface TaskQueue extends AutoCloseable {

  /**
   * Adds ready tasks; they are durable when it returns. Each must be known to the store. A task
   * enqueued again while an earlier message of it is in flight is delivered once more.
   */
  void enqueue(List<TaskSpec> tasks);

  /**
   * Takes the most urgent messages of a lane. Among equals owners take turns, each with its oldest
   * first; whose turn it is stays known from one receive to the next. Waits at most {@code wait}
   * for the first one and never for a second; empty when there was none.
   */
  List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException;

  /** The message is dealt with: forget it. Unknown deliveries are ignored. */
  void ack(List<Delivery> deliveries);

  /**
   * Nobody here can take it now: deliver it again. Returns those it holds no more, which it does
   * not deliver again for this: who knows their tasks to be ready enqueues them.
   */
  List<Delivery> release(List<Delivery> deliveries);

  /** As {@link #release}, of suspects: only who has room for such gets them from here. */
  default List<Delivery> releaseSuspects(List<Delivery> deliveries) {
    return release(deliveries);
  }

  /**
   * The task of a delivery in flight, as its message has it. Empty: the queue cannot tell. Where
   * the message itself has the task, it has then gone back and comes again, and this delivery is
   * spent.
   */
  default Optional<TaskSpec> whole(Delivery delivery) {
    return Optional.empty();
  }

  /**
   * How many messages of the lane there are: those that wait, and those in flight on this node.
   * Empty: it cannot be told right now, or a ready task is its own message and can lose none.
   */
  default OptionalLong messages(Lane lane) {
    return OptionalLong.empty();
  }

  /**
   * Has tasks dealt with whose messages the queue itself gave up, at most {@code limit}; those for
   * which {@code deal} throws come again. Returns how many there were.
   */
  default int takeDead(int limit, Consumer<Dead> deal) {
    return 0;
  }

  /** Why it cannot take work right now; empty when it can. Cheap. */
  Optional<String> trouble();

  @Override
  void close();

  /**
   * A task whose message the queue gave up.
   *
   * @param tooOften it was delivered more often than the queue allows, which says nothing of runs:
   *     a delivery that waits at a node and goes back counts too. False: the queue dropped it for
   *     good
   * @param reason in the queue's words
   */
  record Dead(TaskSpec task, boolean tooOften, String reason) {}

  /** A message in flight: a local handle, which dies with the process. */
  record Delivery(TaskId id, Lane lane, long tag) {}

  /**
   * How much a receiver takes: at most {@code tasks} messages, as many as fit into {@code bytes} of
   * input (but always one), none less urgent than {@code least}, and at most {@code suspects} of
   * tasks whose processes died, where the queue can tell.
   *
   * @param suspectsOnly whether no others are wanted
   * @param owners whose tasks are wanted; empty: anybody's
   */
  record Room(
      int tasks,
      long bytes,
      Priority least,
      int suspects,
      boolean suspectsOnly,
      Set<String> owners) {

    /** How often who wants tasks of few owners looks for them: nobody rings for it alone. */
    public static final Duration LOOK = Duration.ofMillis(250);

    private static final int NEVER = Priority.MAX + 1;

    /** Room for tasks of any owner. */
    public Room(int tasks, long bytes, Priority least, int suspects, boolean suspectsOnly) {
      this(tasks, bytes, least, suspects, suspectsOnly, Set.of());
    }

    /** The same for these owners' tasks; none: for anybody's. */
    public Room of(Set<String> those) {
      return new Room(tasks, bytes, least, suspects, suspectsOnly, those);
    }

    /** Whether an owner's tasks are wanted. */
    public boolean takes(String owner) {
      return owners.isEmpty() || owners.contains(owner);
    }

    /**
     * The least priority to be rung for: a ring wakes one who waits, so whoever may have no use for
     * what has come is not to hear it.
     */
    public int hears() {
      return owners.isEmpty() ? least.value() : NEVER;
    }

    /** How long to wait for a ring, of so much time. */
    public long within(long nanos) {
      return owners.isEmpty() ? nanos : Math.min(nanos, LOOK.toNanos());
    }

    /** Room for tasks of all kinds. */
    public Room(int tasks, long bytes, Priority least, int suspects) {
      this(tasks, bytes, least, suspects, false);
    }

    /** Room for suspects and nothing else. */
    public static Room ofSuspects(int tasks, long bytes, Priority least) {
      return new Room(tasks, bytes, least, tasks, true);
    }

    /** Room for any task. */
    public Room(int tasks, long bytes, Priority least) {
      this(tasks, bytes, least, tasks);
    }

    public Room {
      owners = Set.copyOf(owners);
      if (tasks < 1 || bytes < 1 || suspects < 0) {
        throw new IllegalArgumentException("room for " + tasks + " tasks, " + bytes + " bytes");
      }
    }
  }
}
