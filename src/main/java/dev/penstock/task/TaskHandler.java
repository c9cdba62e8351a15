package dev.penstock.task;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks of one type. One instance serves many tasks at once, each {@link #run} on a virtual
 * thread of its own: blocking is fine, holding the thread in a long native call is not.
 *
 * <p>Users bring their own: a jar in the plugins folder names its implementation, which needs a
 * public constructor without arguments, in {@code META-INF/services/dev.penstock.task.TaskHandler}.
 * This package, the JDK and SLF4J's API are all that such a jar sees of the program.
 */
public interface TaskHandler {

  /**
   * The task type: a word without dots. A plugin's is 1 to 64 lower-case letters, digits and
   * hyphens, starts with a letter and is nobody else's.
   */
  String type();

  /**
   * JSON Schema (2020-12) of the input; a submit that breaks it is refused. References stay within
   * the schema: nothing is fetched.
   */
  String inputSchema();

  /** JSON Schema (2020-12) of the result. It tells clients; results are not held against it. */
  String outputSchema();

  /** How many tasks of this type run at once on a node; 0: as many as the node's settings say. */
  default int concurrency() {
    return 0;
  }

  /**
   * How long a task waits after {@link Outcome.Retry} before it is tried again: for what its runs
   * depend on, and how long that may be away. Null, the default: as the server's settings say. The
   * server asks, not the worker, and of the same jar; where it has none its settings hold.
   *
   * @param attempts how many have failed, 1 or more
   */
  default @Nullable Duration retryAfter(int attempts) {
    return null;
  }

  /**
   * Runs the task. An exception counts as a failed attempt, and its message is kept and logged, so
   * it must not quote the input.
   *
   * <p>A run that should end early is interrupted once, and {@link Control#stopped} is true from
   * then on. It should return soon, by throwing the InterruptedException on or in any other way. Of
   * what it returns then, {@link Outcome.Done} and {@link Outcome.Reject} still count when the task
   * ran past its time limit (by a third of a lease at most: the server gives up on it then) or the
   * node is stopping, for the work is done after all; anything else makes it a failed attempt (time
   * limit) or puts it back as if it had not run (node stopping). After a cancel or a lost lease
   * nothing it returns counts. A handler that neither heeds the interrupt nor asks {@code stopped}
   * is not killed: it goes on and keeps its place among the runs of its type, and tasks may be run
   * again while it does.
   *
   * <p>A task may run more than once, even after a run of it succeeded (the process died before the
   * result was stored), so what a handler does elsewhere should bear repeating; {@link Task#id}
   * stays the same.
   */
  Outcome run(Task task, Control control) throws InterruptedException;

  /** What a running handler may say and ask. Safe for use by several threads. */
  interface Control {
    /** The longest checkpoint. */
    int MAX_CHECKPOINT = 64 * 1024;

    /** Tells how far the task is. Cheap: only the newest report of each half second is kept. */
    void progress(Progress progress);

    /** {@link #progress(Progress)} in one call: {@code done} of {@code total} steps. */
    default void progress(long done, long total, String message) {
      progress(new Progress(done, total, message));
    }

    /** The longest piece, in bytes of JSON. */
    int MAX_PIECE = 64 * 1024;

    /**
     * Gives a piece of the result to whoever listens: the first is number 0. Nobody need listen; a
     * piece that is heard by nobody is kept for a while, within bounds, and never stored, so the
     * result still has to hold all of it. Cheap; never waits for a listener.
     *
     * @param piece a value as {@link TaskOutput#of} writes it, or a {@link TaskOutput} in JSON
     * @throws IllegalArgumentException when it cannot be written, or is longer than {@value
     *     #MAX_PIECE} bytes: smaller pieces reach listeners sooner
     */
    default void emit(@Nullable Object piece) {}

    /**
     * The next piece is number {@code offset}: for a run that goes on from a checkpoint. A run that
     * emits without it begins anew at 0, and its listeners are told so. What an earlier run had
     * emitted from {@code offset} on has to come again as it was, or to be taken over from {@link
     * #heard}: who has those pieces is not told them twice.
     *
     * @throws IllegalStateException when this run has emitted already
     */
    default void emitFrom(long offset) {}

    /**
     * The pieces from {@code offset} on that listeners, or their nodes, still have of the run
     * before: what was emitted after the checkpoint that this run goes on from. Empty: nobody has
     * any. A run that takes them over goes on with {@code emitFrom(offset + heard.size())}. Asks
     * all nodes and waits for them, about a quarter of a second; where the server does not know of
     * pieces there are none.
     */
    default List<TaskOutput> heard(long offset) throws InterruptedException {
      return List.of();
    }

    /**
     * Keeps what the next run of this task is to go on from, should this one not end it: at most
     * {@value #MAX_CHECKPOINT} bytes. Cheap: the newest is kept about once a second, as long as the
     * store has room, and with an outcome that leads to another run.
     *
     * @throws IllegalArgumentException when it is longer
     */
    default void checkpoint(byte[] state) {
      checkpoint(state, List.of());
    }

    /**
     * As {@link #checkpoint(byte[])}, and says of which children the results are read: both are
     * kept or neither is. What is read is not told by {@link #children} again, and its record goes
     * when its time comes. One run may read 65,536 children.
     *
     * @throws IllegalArgumentException when the state is too long, or too many are read
     */
    default void checkpoint(byte[] state, Collection<TaskId> read) {}

    /** What the last run that kept something left; null: nothing, or there was none. */
    default byte @Nullable [] checkpoint() {
      return null;
    }

    /**
     * The next of this task's children that have ended and were neither read nor told of to this
     * run: at most {@code limit}, and fewer where their results are long. Blocks, also while the
     * store is away.
     *
     * <p>A child that ends meanwhile may be told to the next run only, so {@link
     * EndedChildren#open} is as it was when this run first asked: none is forgotten by who awaits
     * as long as some are.
     */
    default EndedChildren children(int limit) throws InterruptedException {
      return EndedChildren.NONE;
    }

    /**
     * True once the run should end: its task was cancelled or ran past its time limit, its lease
     * was lost, or the node is stopping. Cheap; for loops that never block and so would not notice
     * the interrupt.
     *
     * @implSpec The default knows of the interrupt alone: it is for controls that are lambdas, in
     *     handlers' tests.
     */
    default boolean stopped() {
      return Thread.currentThread().isInterrupted();
    }
  }
}
