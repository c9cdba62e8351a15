package dev.penstock.storage;

import dev.penstock.core.CancelResult;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Ending;
import dev.penstock.core.Glance;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of every task, and who may run it. All methods block, for a bounded time, and throw
 * {@link dev.penstock.base.Unavailable} when the store cannot answer; all but {@link #addHistory}
 * may be repeated. Time is the store's own.
 */
public interface TaskStore extends AutoCloseable {

  /**
   * Keeps new tasks as pending, durably; one answer each, in order. An id that is known already is
   * left as it is. A task's identity leaves with it, or when another takes its place; tasks are
   * given back without it. A task that is answered as an earlier one is not withdrawn any more.
   */
  List<Inserted> insert(List<TaskSpec> specs);

  /**
   * What {@link #insert} would answer where it would add nothing; empty: it would add a task.
   * Nothing is added, so it needs no room. One answer each, in order.
   */
  List<Optional<Inserted>> meant(List<TaskSpec> specs);

  /**
   * Forgets a task whose publishing surely failed, unless somebody has claimed it or has been
   * answered with it as an {@link Inserted.Earlier} one. False: so it was, or it is not known.
   */
  boolean withdraw(TaskId id);

  Optional<Task> find(TaskId id);

  /** Those of the tasks that are known, without their inputs ({@code spec.input} is empty). */
  Map<TaskId, Task> findAll(Collection<TaskId> ids);

  /** Those of the tasks that are known, without what may be long of them. */
  default Map<TaskId, Glance> glance(Collection<TaskId> ids) {
    Map<TaskId, Glance> seen = HashMap.newHashMap(ids.size());
    ids.forEach(id -> find(id).ifPresent(task -> seen.put(id, Glance.of(task))));
    return seen;
  }

  /** What a task went through, oldest first; the newest {@link Step#MOST}. */
  List<Step> steps(TaskId id);

  /**
   * Tasks, newest first, from the one after {@code after} on (null: from the newest). One that is
   * not known any more stood where its id says: what was submitted at the same moment may then come
   * twice. A text is looked for in at most the newest {@value #SEARCHED} tasks that match the rest,
   * and not in inputs of more than {@value #SEARCHED_INPUT_BYTES} bytes; a task whose whole id it
   * is is found wherever it stands.
   */
  TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit);

  /** So many tasks are looked through for a text, or fewer where their inputs are long. */
  int SEARCHED = 10_000;

  /** Longer inputs are not looked into. */
  int SEARCHED_INPUT_BYTES = 64 * 1024;

  /**
   * Ends tasks that have not ended; one answer each, in order. Their leases are void. They are kept
   * as long as completed ones.
   */
  List<CancelResult> cancel(List<TaskId> ids);

  /**
   * Cancels pending tasks of a lane, scheduled ones too, in no particular order; returns them
   * without input. Fewer than {@code limit} are the last.
   */
  List<Task> cancelPending(Lane lane, int limit);

  /**
   * Makes failed and cancelled tasks pending again, and ready unless they were asked to run at a
   * time that is still to come; one answer each, in order. Their attempts start anew; one that was
   * a suspect is one still.
   */
  List<RetryResult> retry(List<TaskId> ids);

  /**
   * As the other one, with a new time to begin by for all of them. A task that had not begun by its
   * own needs one.
   *
   * @param startBefore null: each keeps its own
   */
  default List<RetryResult> retry(List<TaskId> ids, @Nullable Instant startBefore) {
    return retry(ids);
  }

  /**
   * Cancels pending tasks that were to begin by now and have not, those first that were to begin
   * first; returns them without input. At most {@code limit}; there may be more until none come.
   */
  default List<Task> expireUnbegun(int limit) {
    return List.of();
  }

  /** The lanes from which nothing is to be leased. */
  Set<Lane> paused();

  void pause(Lane lane, boolean paused);

  /**
   * Adds to what is known of each minute; forgets those of more than a day ago. Not to be repeated
   * when it may have been done: it would count twice.
   */
  void addHistory(List<LaneMinute> minutes);

  /** The minutes that began then or later: the oldest first, within one by lane. */
  List<LaneMinute> history(Instant since);

  /**
   * Asks for the right to run each task; one answer each, in order.
   *
   * @param suspects what becomes of tasks that have seen {@value LeasedTask#SUSPECT} deaths or more
   */
  List<Claim> claim(List<TaskId> ids, String worker, Duration lease, Taking suspects);

  /** As above: of suspects none, or those too. */
  default List<Claim> claim(List<TaskId> ids, String worker, Duration lease, boolean alone) {
    return claim(ids, worker, lease, alone ? Taking.HERE : Taking.NONE);
  }

  /** What a caller does with tasks that may kill the process that runs them. */
  enum Taking {
    /** It has no place for them: they are answered {@link Claim.Suspect}. */
    NONE,
    /** It runs them in its own process, whose death counts for them as for others. */
    HERE,
    /** It runs them in another process: its own death is not theirs. */
    APART
  }

  /**
   * Moves the deadlines of leases that are still held to now plus {@code lease}, and keeps the
   * progress and the checkpoints reported; a store that is nearly full may leave a checkpoint out,
   * with all that it says is read. Returns the tasks whose lease is held no more: their runs should
   * stop.
   */
  Set<TaskId> extend(List<HeldLease> held, Duration lease);

  /**
   * Ends runs; one answer each, in order. Each takes effect once, and only with the current token.
   * Either all are answered or none, though some may have taken effect: repeating is safe.
   */
  List<Settled> settle(List<Settle> ended);

  /** What parents know of their children, in the same store. */
  ChildStore children();

  /**
   * Makes pending again, as lost, every task whose lease lapsed more than {@code margin} ago; those
   * that were lost more than {@code maxLost} times fail instead. At most {@code limit} at a time,
   * and fewer where their inputs are long: there may be more until none come.
   *
   * @param living tells the deaths from other lapses
   */
  Lapsed reclaimLapsed(Duration margin, int maxLost, int limit, Living living);

  /** As above, of processes of which nothing is known: no lapse counts as a death. */
  default Lapsed reclaimLapsed(Duration margin, int maxLost, int limit) {
    return reclaimLapsed(margin, maxLost, limit, Living.UNKNOWN);
  }

  /**
   * Begins a process's work on a store that no other process can have at the same time: those that
   * had it before and did not {@link #leave} it are dead, and their leases are taken back at once,
   * as deaths. At most {@code limit} at a time: to be repeated until none come. Where other
   * processes may live, nothing is taken back.
   */
  default TakenOver takeOver(String process, int maxLost, int limit) {
    return new TakenOver(false, new Lapsed(List.of(), List.of()));
  }

  /** The process ends in good order: whatever it leaves behind is no death. */
  default void leave(String process) {}

  /**
   * What {@link #takeOver} found.
   *
   * @param died whether a process that had the store before ended unannounced
   */
  record TakenOver(boolean died, Lapsed lapsed) {}

  /**
   * The processes that are known to live, or have ended in good order. A lease that has lapsed of
   * any other was ended by a death.
   *
   * @param known false: nobody can tell now who lives
   * @param processes by name, how long this process has had its name: leases from before were
   *     another's, which has died. {@link #ALWAYS}: none were
   */
  record Living(boolean known, Map<String, Duration> processes) {
    public static final Duration ALWAYS = Duration.ofMillis(Long.MAX_VALUE);
    public static final Living UNKNOWN = new Living(false, Map.of());

    public Living {
      processes = Map.copyOf(processes);
    }
  }

  /**
   * Makes ready the pending tasks whose time has come. They still have to be enqueued. At most
   * {@code limit} at a time, and fewer where their inputs are long: there may be more until none
   * come.
   */
  List<TaskSpec> promoteDue(int limit);

  /** A lane's ready tasks, those first that wait the longest, without their inputs. */
  List<Task> longestWaiting(Lane lane, int limit);

  /** Deletes ended tasks past their retention, at most {@code limit}; returns how many. */
  int deleteExpired(int limit);

  /**
   * Deletes the ended tasks of a state that ended first, at most {@code limit} and none that ended
   * less than {@code kept} ago; returns how many. Children that are not released stay. No message
   * brings back what has left.
   */
  int deleteOldest(TaskState state, Duration kept, int limit);

  /**
   * Drops the inputs of cancelled tasks, those first that were cancelled first; returns of how
   * many. They cannot be retried any more. Children that are not released keep theirs.
   */
  int dropCancelledInputs(int limit);

  /**
   * Deletes ended tasks with all that belongs to them; one answer each, in order. One whose
   * children are being cancelled stays. No message brings back what was deleted.
   */
  List<DeleteResult> delete(List<TaskId> ids);

  /**
   * Asks for the right to do the chores that one node at a time does; true: it is this node's until
   * now plus {@code lease}. Zero or less gives it up. A node that goes on after its time does no
   * harm: each chore checks what it changes.
   */
  boolean holdChores(String node, Duration lease);

  /** Bytes in use. */
  long bytes();

  /**
   * How much of its room is used; where it has several bounds, of the one that is nearest. It is
   * looked for anew.
   *
   * @param most the bytes that tasks may take by the settings
   */
  default Use use(long most) {
    return new Use(bytes(), most);
  }

  /** Used bytes, of so many. */
  record Use(long bytes, long most) {
    /** How much of it is used: 1 is all. */
    public double share() {
      return (double) bytes / most;
    }
  }

  /** What each owner's live tasks take, in bytes, about; owners without any are left out. */
  Map<String, Long> liveBytes();

  /**
   * Why it takes no new tasks, though what it has goes on and can be deleted; empty when it takes
   * them. Cheap.
   */
  default Optional<String> fullness() {
    return Optional.empty();
  }

  TaskCounts figures();

  /** Why it cannot write right now; empty when it can. Cheap. */
  Optional<String> trouble();

  @Override
  void close();

  /** What {@link #insert} did with one task. */
  sealed interface Inserted {
    /**
     * It is kept, by this call or by an earlier one of the same id.
     *
     * @param createdAt as it is kept
     */
    record Kept(Instant createdAt) implements Inserted {}

    /**
     * Its identity means an earlier task: that one, without what may be long of it. Nothing was
     * added.
     */
    record Earlier(Task task) implements Inserted {}

    /** Its name belongs to a task with other content. Nothing was added. */
    record Conflict() implements Inserted {}
  }

  /** What {@link #claim} answers. */
  sealed interface Claim {
    /**
     * It is yours: run it.
     *
     * @param task without a time to begin by, where an earlier run of it had begun
     * @param run how many claims of it there have been, this one included; a retry by hand counts
     *     as one
     * @param checkpoint what an earlier run left; null: nothing
     * @param deaths how many processes ended unannounced while they ran it
     */
    record Claimed(Task task, Lease lease, long run, byte @Nullable [] checkpoint, int deaths)
        implements Claim {}

    /** It has ended: acknowledge the delivery and compute nothing. */
    record Settled() implements Claim {}

    /**
     * No such task is kept. It was deleted, or its record was lost.
     *
     * @param began when what is kept began: of older tasks nothing can be said, for the store has
     *     been emptied since. {@link Instant#EPOCH}: nothing was ever lost
     */
    record Unknown(Instant began) implements Claim {}

    /** Somebody else answers for it (a holder, or the clock): acknowledge and forget it. */
    record Held() implements Claim {}

    /** It was to begin by now, and is to be cancelled: acknowledge the delivery. */
    record Expired() implements Claim {}

    /** Its processes died, and it may bring its neighbours down: to be run apart from others. */
    record Suspect() implements Claim {}
  }

  /**
   * A run's end.
   *
   * @param token of the lease it ran under
   * @param checkpoint what it left for another run, kept unless the task completes; null: nothing
   *     new
   */
  record Settle(TaskId id, String token, Ending ending, @Nullable Checkpoint checkpoint) {

    /** Of a run that left nothing new. */
    public Settle(TaskId id, String token, Ending ending) {
      this(id, token, ending, null);
    }
  }

  /** What {@link #settle} did. */
  sealed interface Settled {
    /**
     * It took effect now. The task is as it is from here on: with its output but without its input
     * ({@code spec.input} is empty) when it has ended, whole when it is pending again, without its
     * input when it waits for its children.
     */
    record Now(Task task) implements Settled {}

    /** This token had settled the run before: nothing changed. */
    record Before() implements Settled {}

    /** The lease is somebody else's by now, or nobody's: nothing changed. */
    record Stale() implements Settled {}

    /**
     * The task would have more than {@link dev.penstock.task.Outcome.Await#MOST_OPEN} open
     * children: nothing changed, and the lease is held still.
     */
    record TooManyOpen() implements Settled {}

    /** It has been put off for as long as it may be. Nothing was changed. */
    record PutOffTooOften() implements Settled {}
  }

  /** Tasks whose leases lapsed: ready again, or failed for good (whole, to tell who waits). */
  record Lapsed(List<TaskSpec> ready, List<Task> failed) {}

  /** How many tasks there are. Lanes without live or failed tasks are left out. */
  record TaskCounts(Map<TaskState, Long> states, List<LaneCounts> lanes) {}
}
