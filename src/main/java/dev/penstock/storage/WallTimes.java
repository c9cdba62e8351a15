package dev.penstock.storage;

import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Lease;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.TaskStore.TaskCounts;
import dev.penstock.task.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How times of a store are shown. A store's own time goes on steadily, so that all it keeps can be
 * compared; a wall clock is set. This knows how far the wall clock was ahead of the store's time,
 * since when.
 *
 * <p>A time is shown as the wall clock told it, except that none is shown later than what follows
 * it: once the wall clock was set back, what came before is shown as that clock would have told it.
 * The times of one task are shifted by as much as its newest one, so its durations are those that
 * passed.
 */
public final class WallTimes {
  /** Nothing was ever set: the wall clock and the store's time are the same. */
  public static final WallTimes SAME = new WallTimes(List.of());

  /** So many changes are known; before the oldest of them it counts, too. */
  public static final int MOST = 50;

  /**
   * The wall clock was so far ahead, in microseconds, from that time of the store's on.
   *
   * @param ahead less than 0: behind
   */
  public record Change(long since, long ahead) {}

  private final List<Change> changes;

  /** For the time before the changes and after each: the least that the wall clock was ahead. */
  private final long[] least;

  private WallTimes(List<Change> changes) {
    this.changes = changes;
    least = new long[changes.size() + 1];
    long smallest = ahead();
    for (int i = changes.size(); i > 0; i--) {
      smallest = Math.min(smallest, changes.get(i - 1).ahead());
      least[i] = smallest;
    }
    least[0] = changes.isEmpty() || changes.size() == MOST ? smallest : Math.min(0, smallest);
  }

  /** Those of changes, oldest first. */
  public static WallTimes of(List<Change> changes) {
    int size = changes.size();
    return size == 0
        ? SAME
        : new WallTimes(List.copyOf(changes.subList(Math.max(0, size - MOST), size)));
  }

  /** These and one change more, the newest. */
  public WallTimes and(Change change) {
    List<Change> all = new ArrayList<>(changes);
    all.add(change);
    return of(all);
  }

  /** How far the wall clock is ahead now, in microseconds. */
  public long ahead() {
    return changes.isEmpty() ? 0 : changes.getLast().ahead();
  }

  private boolean same() {
    return changes.isEmpty();
  }

  private Duration shift(Instant time) {
    long micros = Micros.of(time);
    int i = changes.size();
    while (i > 0 && changes.get(i - 1).since() > micros) {
      i--;
    }
    return Micros.toDuration(least[i]);
  }

  private static Instant newest(Task task) {
    Instant newest = task.createdAt();
    for (Instant time :
        new @Nullable Instant[] {task.queuedAt(), task.startedAt(), task.finishedAt()}) {
      newest = time != null && time.isAfter(newest) ? time : newest;
    }
    return newest;
  }

  public Instant shown(Instant time) {
    return same() ? time : time.plus(shift(time));
  }

  /** A time in the future: when it will be, if nobody sets the clock. */
  private Instant due(Instant time) {
    return same() ? time : time.plus(Micros.toDuration(ahead()));
  }

  public Task shown(Task task) {
    return same() ? task : task.later(shift(newest(task)));
  }

  private static @Nullable Instant shifted(@Nullable Instant time, Duration by) {
    return time == null ? null : time.plus(by);
  }

  public List<Task> shown(List<Task> tasks) {
    return same() ? tasks : tasks.stream().map(this::shown).toList();
  }

  public <K> Map<K, Task> shown(Map<K, Task> tasks) {
    if (!same()) {
      tasks.replaceAll((_, task) -> shown(task));
    }
    return tasks;
  }

  /**
   * What a task went through, shifted as the task is.
   *
   * @param task as the store knows it; null: it is no more
   */
  public List<Step> shown(List<Step> steps, @Nullable Task task) {
    if (same() || steps.isEmpty()) {
      return steps;
    }
    Duration by = shift(task == null ? steps.getLast().at() : newest(task));
    return steps.stream()
        .map(step ->
            new Step(
                step.kind(),
                step.at().plus(by),
                shifted(step.startedAt(), by),
                step.worker(),
                step.error()))
        .toList();
  }

  public Inserted shown(Inserted inserted) {
    return switch (inserted) {
      case Inserted.Kept(Instant created) -> new Inserted.Kept(shown(created));
      case Inserted.Earlier(Task task) -> new Inserted.Earlier(shown(task));
      case Inserted.Conflict() -> inserted;
    };
  }

  public Claim shown(Claim claim) {
    if (claim
        instanceof Claim.Claimed(Task task, Lease lease, long run, var checkpoint, int deaths)) {
      Lease held = new Lease(lease.id(), lease.token(), due(lease.deadline()));
      return new Claim.Claimed(shown(task), held, run, checkpoint, deaths);
    }
    return claim instanceof Claim.Unknown(Instant began) ? new Claim.Unknown(shown(began)) : claim;
  }

  public Settled shown(Settled settled) {
    return settled instanceof Settled.Now(Task task) ? new Settled.Now(shown(task)) : settled;
  }

  public Lapsed shown(Lapsed lapsed) {
    return new Lapsed(lapsed.ready(), shown(lapsed.failed()));
  }

  public CancelResult shown(CancelResult result) {
    return switch (result) {
      case CancelResult.Now(Task task, var worker) -> new CancelResult.Now(shown(task), worker);
      case CancelResult.Ended(Task task) -> new CancelResult.Ended(shown(task));
      case CancelResult.Unknown _ -> result;
    };
  }

  public RetryResult shown(RetryResult result) {
    return switch (result) {
      case RetryResult.Now(Task task) -> new RetryResult.Now(shown(task));
      case RetryResult.Otherwise(Task task) -> new RetryResult.Otherwise(shown(task));
      case RetryResult.Unknown _,
          RetryResult.InputGone _,
          RetryResult.NeedsStart _,
          RetryResult.ChildrenGone _,
          RetryResult.ParentEnded _ ->
          result;
    };
  }

  public DeleteResult shown(DeleteResult result) {
    return result instanceof DeleteResult.Live(Task task)
        ? new DeleteResult.Live(shown(task))
        : result;
  }

  /** The oldest as long ago as it has waited. */
  public TaskCounts shown(TaskCounts figures) {
    if (same()) {
      return figures;
    }
    return new TaskCounts(
        figures.states(),
        figures.lanes().stream()
            .map(lane -> lane.oldest() == null ? lane : lane.waitingSince(due(lane.oldest())))
            .toList());
  }
}
