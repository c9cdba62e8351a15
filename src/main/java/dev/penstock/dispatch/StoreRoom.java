package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Use;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The room there is for tasks, and who may have it. Before a new task is refused, what has ended
 * leaves: the inputs of cancelled tasks, then completed tasks, cancelled and failed ones, the
 * oldest first. The last quarter is for owners whose live tasks take less than a quarter.
 */
final class StoreRoom implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreRoom.class);

  /** So much of the room anybody may fill. */
  private static final double COMMON = 0.75;

  /** From here on it is counted who holds how much, so that it is known in time. */
  private static final double SOON_COMMON = 0.9 * COMMON;

  /** Whoever holds so much of it has no part in the rest. */
  private static final double SMALL = 0.25;

  /** Ended tasks are kept so long at least: somebody may be about to fetch them. */
  private static final Duration KEPT = Duration.ofMinutes(1);

  private static final List<TaskState> FIRST_TO_GO =
      List.of(TaskState.COMPLETED, TaskState.CANCELLED, TaskState.FAILED);

  private static final int FIRST_PORTION = 20;
  private static final int AT_A_TIME = 500;

  /**
   * How many tasks of a state leave in one go at most: whoever waits for the room waits for that.
   */
  private static final int MOST_AT_ONCE = 20 * AT_A_TIME;

  /** Bytes of a task beside its input, about. */
  private static final long OVERHEAD = 1_000;

  /** So long nobody tries where no room could be made: submits are refused as the last one was. */
  private static final long PAUSE = Duration.ofMillis(100).toNanos();

  private static final long SAY_EVERY = Duration.ofSeconds(10).toNanos();

  /** Who holds how much is counted again after so many times what counting took. */
  private static final int COUNTING = 20;

  private static final long QUICK = Duration.ofMillis(50).toNanos();

  private static final long COUNTED_FOR = Duration.ofSeconds(1).toNanos();

  private final TaskStore store;
  private final LongSupplier most;
  private final BooleanSupplier mine;
  private final LongSupplier nanos;

  private final ReentrantLock making = new ReentrantLock();
  private volatile Use use;

  /** Bytes of tasks that were taken since then. */
  private final AtomicLong taken = new AtomicLong();

  /** Bytes of each owner's live tasks, with what was taken since they were counted. */
  private volatile ConcurrentMap<String, Long> live = new ConcurrentHashMap<>();

  private volatile long makeAgain;
  private volatile long countAgain;

  /** Whether submits can wait for it. */
  private volatile boolean countsQuickly = true;

  /** What has left since that was last said. Guarded by {@link #making}. */
  private final Map<TaskState, Integer> gone = new EnumMap<>(TaskState.class);

  private int inputsGone;
  private boolean wasFull;
  private long sayAgain;

  /**
   * @param most the bytes that tasks may take by the settings
   * @param mine whether this node does the chores; others only look, unless they have to refuse
   * @param nanos a clock like {@link System#nanoTime}
   */
  StoreRoom(TaskStore store, LongSupplier most, BooleanSupplier mine, LongSupplier nanos) {
    this.store = store;
    this.most = most;
    this.mine = mine;
    this.nanos = nanos;
    makeAgain = nanos.getAsLong();
    countAgain = makeAgain;
    sayAgain = makeAgain;
    this.use = new Use(0, most.getAsLong());
  }

  /** Whether no new work is taken, whoever it is from. */
  boolean full() {
    return use.share() > 1 || store.fullness().isPresent();
  }

  /** How full it is, where it is; empty: there is room. */
  Optional<String> fullness() {
    if (!full()) {
      return Optional.empty();
    }
    Use now = use;
    String bytes =
        store.fullness().orElse("it is full: %d of %d bytes".formatted(now.bytes(), now.most()));
    return Optional.of(
        bytes
            + "; no new tasks are taken. What it has goes on, and ended tasks can be deleted"
            + " (POST /v1/tasks/delete)");
  }

  /** Why no new task of that owner is taken; null: it is. Ended ones leave first. */
  @Nullable TaskError refusal(String owner) {
    if (!above(COMMON)) {
      return null;
    }
    if (countsQuickly) {
      count();
    }
    boolean small = small(owner);
    if (small && !above(1) && store.fullness().isEmpty()) {
      return null;
    }
    make(small ? 1 : COMMON);
    if (full()) {
      return refused();
    }
    return small || !above(COMMON)
        ? null
        : new TaskError(
            TaskError.Code.SHARE_USED,
            "The task store is nearly full, and what is left is for owners whose tasks take less"
                + " than a quarter of it: wait for some of yours to end, or cancel some.");
  }

  static TaskError refused() {
    return new TaskError(TaskError.Code.OVERLOADED, "the task store is full");
  }

  /** Makes room where a submit was refused for it; whether there is some now. */
  boolean makeForSubmit() {
    make(1);
    return !full();
  }

  /** Tasks have been taken in: known before the next look. */
  void taken(List<TaskSpec> specs) {
    for (TaskSpec spec : specs) {
      long bytes = spec.input().length + OVERHEAD;
      taken.addAndGet(bytes);
      if (above(SOON_COMMON)) {
        live.merge(spec.owner(), bytes, Long::sum);
      }
    }
  }

  private boolean above(double share) {
    Use now = use;
    return now.bytes() + taken.get() > share * now.most();
  }

  private boolean small(String owner) {
    return live.getOrDefault(owner, 0L) < SMALL * use.most();
  }

  /** Counts what owners hold, if that is worth it by now. */
  private void count() {
    if (nanos.getAsLong() - countAgain < 0 || !making.tryLock()) {
      return;
    }
    try {
      long began = nanos.getAsLong();
      live = new ConcurrentHashMap<>(store.liveBytes());
      long now = nanos.getAsLong();
      countsQuickly = now - began < QUICK;
      countAgain = now + Math.max(COUNTED_FOR, COUNTING * (now - began));
    } catch (Unavailable e) {
      LOG.debug("who holds how much is not known: {}", e.getMessage());
    } finally {
      making.unlock();
    }
  }

  /** One makes room at a time; whoever has waited for that may find that there is some. */
  private void make(double share) {
    making.lock();
    try {
      if (nanos.getAsLong() - makeAgain < 0) {
        return;
      }
      look();
      clear(share);
      makeAgain = nanos.getAsLong() + (use.share() > share ? PAUSE : 0);
    } catch (Unavailable e) {
      makeAgain = nanos.getAsLong() + PAUSE;
      LOG.debug("no room is made: {}", e.getMessage()); // The insert says so, too.
    } finally {
      making.unlock();
    }
  }

  private void look() {
    taken.set(0);
    use = store.use(most.getAsLong());
  }

  private void clear(double share) {
    inputsGone += clear(share, store::dropCancelledInputs);
    for (TaskState state : FIRST_TO_GO) {
      int now = clear(share, limit -> store.deleteOldest(state, KEPT, limit));
      gone.merge(state, now, Integer::sum);
    }
  }

  /**
   * Has some leave until there is room: few at first, for they may be long, then more at a time.
   *
   * @param leave has so many leave at most; says how many have left
   */
  private int clear(double share, IntUnaryOperator leave) {
    int left = 0;
    int portion = FIRST_PORTION;
    while (use.share() > share && left < MOST_AT_ONCE) {
      int now = leave.applyAsInt(portion);
      if (now == 0) {
        break;
      }
      left += now;
      portion = Math.min(AT_A_TIME, 2 * portion);
      look();
    }
    return left;
  }

  /** Looks how full it is; the node that does the chores makes room. To be run every second. */
  @Override
  public void run() {
    making.lock();
    try {
      look();
      if (mine.getAsBoolean()) {
        clear(1);
      }
      if (use.share() > SOON_COMMON) {
        count();
      }
      say();
    } finally {
      making.unlock();
    }
  }

  private void say() {
    boolean full = full();
    int tasks = gone.values().stream().mapToInt(Integer::intValue).sum();
    long now = nanos.getAsLong();
    boolean changed = full != wasFull;
    if (!changed && (tasks + inputsGone == 0 || now - sayAgain < 0)) {
      return;
    }
    LOG.warn(
        "the store has used {} of {} bytes; left early: {} completed, {} cancelled and {} failed"
            + " tasks, the inputs of {} cancelled ones{}",
        use.bytes(),
        use.most(),
        gone.getOrDefault(TaskState.COMPLETED, 0),
        gone.getOrDefault(TaskState.CANCELLED, 0),
        gone.getOrDefault(TaskState.FAILED, 0),
        inputsGone,
        full ? "; no new work until there is room" : "");
    wasFull = full;
    gone.clear();
    inputsGone = 0;
    sayAgain = now + SAY_EVERY;
  }
}
