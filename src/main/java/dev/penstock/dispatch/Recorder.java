package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.core.Ending;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and times what happens to tasks: for the meters, and minute by minute for the store, where
 * a restart finds it again. What was not yet flushed when the process dies is lost.
 */
final class Recorder {
  private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);

  /** How many minutes, of all lanes, are kept while the store is away; older ones are forgotten. */
  private static final int MOST_UNFLUSHED = 10_000;

  private record Key(Instant minute, Lane lane) {}

  private static final class Counts {
    private long submitted;
    private long completed;
    private long failed;
    private long cancelled;
    private final long[] waited = new long[Latencies.BUCKETS];
    private final long[] ran = new long[Latencies.BUCKETS];
  }

  private final Meters meters;
  private final InstantSource clock;
  private final Object lock = new Object();
  private Map<Key, Counts> counts = new HashMap<>();

  /** A flush that the store surely did not take, to be tried again first. */
  private List<LaneMinute> unflushed = List.of();

  private boolean failing;

  Recorder(Meters meters, InstantSource clock) {
    this.meters = meters;
    this.clock = clock;
  }

  void submitted(Lane lane) {
    meters.submitted(lane);
    synchronized (lock) {
      counts(lane).submitted++;
    }
  }

  /** Counts work that was no task of the store's. */
  void ranNow(Task task) {
    submitted(task.spec().lane());
    meters.ranNow(task.spec().lane(), task.state() == TaskState.COMPLETED);
    ended(task);
  }

  /** Counts a run that was settled. */
  void settled(Task task, Ending ending) {
    meters.settled(task.spec().lane(), ending);
    ended(task);
  }

  /** Counts a task's end; does nothing where it has not ended. */
  void ended(Task task) {
    if (task.finishedAt() == null || !task.state().ended()) {
      return;
    }
    Lane lane = task.spec().lane();
    Duration waited = task.waited();
    Duration ran = task.ran();
    if (waited != null && ran != null) {
      meters.ended(lane, waited, ran);
    }
    synchronized (lock) {
      Counts minute = counts(lane);
      switch (task.state()) {
        case COMPLETED -> minute.completed++;
        case FAILED -> minute.failed++;
        case CANCELLED -> minute.cancelled++;
        case PENDING, PROCESSING -> throw new IllegalStateException("has not ended");
      }
      add(minute.waited, waited);
      add(minute.ran, ran);
    }
  }

  private static void add(long[] buckets, @Nullable Duration time) {
    if (time != null) {
      buckets[Latencies.bucket(time)]++;
    }
  }

  private Counts counts(Lane lane) {
    Instant minute = clock.instant().truncatedTo(ChronoUnit.MINUTES);
    return counts.computeIfAbsent(new Key(minute, lane), _ -> new Counts());
  }

  /** Flushes, where the store takes it: nobody has to wait or fail for these figures. */
  synchronized void flushIfPossible(TaskStore store) {
    try {
      flush(store);
      failing = false;
    } catch (Unavailable e) {
      if (!failing) {
        LOG.warn("the store does not take the newest figures: {}", e.getMessage());
      }
      failing = true;
    }
  }

  /** Hands what was counted to the store. Blocks; one at a time. */
  synchronized void flush(TaskStore store) {
    add(store);
    Map<Key, Counts> taken;
    synchronized (lock) {
      if (counts.isEmpty()) {
        return;
      }
      taken = counts;
      counts = new HashMap<>();
    }
    List<LaneMinute> minutes = new ArrayList<>(taken.size());
    taken.forEach((key, value) -> minutes.add(minute(key, value)));
    minutes.sort(Comparator.comparing(LaneMinute::minute).reversed());
    unflushed = minutes.size() > MOST_UNFLUSHED ? minutes.subList(0, MOST_UNFLUSHED) : minutes;
    add(store);
  }

  /** Adds what is not flushed. No write to repeat: what may have been taken is not added again. */
  private void add(TaskStore store) {
    if (unflushed.isEmpty()) {
      return;
    }
    try {
      store.addHistory(unflushed);
    } catch (Unavailable e) {
      if (!e.surelyNotDone()) {
        unflushed = List.of();
      }
      throw e;
    }
    unflushed = List.of();
  }

  private static LaneMinute minute(Key key, Counts counts) {
    return new LaneMinute(
        key.minute(),
        key.lane(),
        counts.submitted,
        counts.completed,
        counts.failed,
        counts.cancelled,
        new Latencies(counts.waited),
        new Latencies(counts.ran));
  }
}
