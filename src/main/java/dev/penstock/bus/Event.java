package dev.penstock.bus;

import dev.penstock.core.WorkerFigures;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened, told to whoever listens: on one node or on all. Losing one is always
 * made good. Other nodes are told without inputs and results, which stay in the store; pieces of
 * results, which no store has, go to the nodes that ask for them.
 */
public sealed interface Event {

  /** A task somebody waits for has ended; the input is left out. Never leaves the process. */
  record TaskSettled(Task task) implements Event {}

  /** The lanes that are paused now. Told again and again. Never leaves the process. */
  record LanesPaused(Set<Lane> lanes) implements Event {
    public LanesPaused {
      lanes = Set.copyOf(lanes);
    }
  }

  /**
   * A process died, perhaps of work that is no task: until this has passed all work becomes tasks.
   * Told again and again. Never leaves the process.
   */
  record DirectRunsRest(Duration left) implements Event {}

  /** What another node is told in place of {@link TaskSettled}: how it ended is in the store. */
  record TaskEnded(TaskId id) implements Event {}

  /** A task that a worker runs was cancelled: it should stop. The next extend says so too. */
  record RunCancelled(TaskId id) implements Event {}

  /** A worker is there and does this. Told to all nodes, every few seconds. */
  record WorkerSeen(WorkerFigures worker) implements Event {}

  /**
   * A worker has stopped in good order: nobody needs to look out for it. Told to all nodes.
   *
   * @param startedAt which of those that have had this name, in whole milliseconds; null: whichever
   *     it is now
   */
  record WorkerLeft(String worker, @Nullable Instant startedAt) implements Event {
    public WorkerLeft {
      startedAt = startedAt == null ? null : startedAt.truncatedTo(ChronoUnit.MILLIS);
    }

    /** Whether this one is meant, and not another that had its name. */
    public boolean isFor(WorkerFigures one) {
      return meant(one, worker, startedAt);
    }
  }

  /**
   * A worker is to finish what it runs and lease nothing more. Told to all nodes.
   *
   * @param startedAt which of those that have had this name, in whole milliseconds; null: whichever
   *     it is now
   */
  record DrainWorker(String worker, @Nullable Instant startedAt) implements Event {
    public DrainWorker {
      startedAt = startedAt == null ? null : startedAt.truncatedTo(ChronoUnit.MILLIS);
    }

    /** Whether this one is meant, and not another that had its name. */
    public boolean isFor(WorkerFigures one) {
      return meant(one, worker, startedAt);
    }
  }

  /**
   * A node listens to a task's pieces. Told to all nodes, again every two seconds; who has parts
   * sends them to that node alone.
   *
   * @param run the newest run that it has pieces of; 0: it has none
   * @param next the number of the piece that it needs next
   * @param credit so many bytes of pieces may be sent from {@code next} on
   * @param again what was sent from {@code next} on was lost
   */
  record PiecesWanted(String node, TaskId task, long run, long next, long credit, boolean again)
      implements Event {}

  /**
   * Pieces of a task, for a node that listens.
   *
   * @param node where they come from
   * @param run the run that emits them
   * @param since the run from which on the numbers hold; 0: from an earlier one, unknown which
   * @param first the number of the oldest piece that the sender still has
   * @param from the number of the first of these pieces
   * @param pieces one JSON value each
   * @param end null: more may come
   */
  record PiecesTold(
      String node,
      TaskId task,
      long run,
      long since,
      long first,
      long from,
      List<String> pieces,
      @Nullable PiecesEnd end)
      implements Event {
    public PiecesTold {
      pieces = List.copyOf(pieces);
    }
  }

  /**
   * A run emits no more.
   *
   * @param count how many pieces the result has; -1: it is not known
   * @param done whether the run brought the task's result
   */
  record PiecesEnd(long count, boolean done) {}

  /**
   * A run asks all nodes for the pieces that they still have of runs before it.
   *
   * @param node where the answers go
   * @param from the number of the first piece that it needs
   */
  record PiecesSought(String node, TaskId task, long run, long from) implements Event {}

  /**
   * What a node has of earlier runs' pieces, for {@link PiecesSought}.
   *
   * @param run the newest that emitted some of them
   * @param from the number of the first of them, as it was asked for
   */
  record PiecesFound(TaskId task, long run, long from, List<String> pieces) implements Event {
    public PiecesFound {
      pieces = List.copyOf(pieces);
    }
  }

  private static boolean meant(WorkerFigures one, String worker, @Nullable Instant startedAt) {
    return one.node().equals(worker)
        && (startedAt == null || one.startedAt().truncatedTo(ChronoUnit.MILLIS).equals(startedAt));
  }
}
