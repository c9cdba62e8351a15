package dev.penstock.bus;

import dev.penstock.core.WorkerFigures;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened, told to whoever listens: on one node or on all. Losing one is always
 * made good. Other nodes are told without inputs and results, which stay in the store.
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

  private static boolean meant(WorkerFigures one, String worker, @Nullable Instant startedAt) {
    return one.node().equals(worker)
        && (startedAt == null || one.startedAt().truncatedTo(ChronoUnit.MILLIS).equals(startedAt));
  }
}
