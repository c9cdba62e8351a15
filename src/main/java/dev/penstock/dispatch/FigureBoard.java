package dev.penstock.dispatch;

import static java.time.temporal.ChronoUnit.MINUTES;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The newest figures of the store, read at most once a second however many ask. */
final class FigureBoard {
  private static final long FRESH = Duration.ofSeconds(1).toNanos();

  private final TaskStore store;
  private final Pauses pauses;
  private final Recorder recorder;
  private final InstantSource clock;
  private final Meters meters;
  private volatile Figures newest = new Figures(Map.of(), List.of());

  /** Why the newest try to read failed: told to all who ask before the next. */
  private @Nullable Unavailable failed;

  private long readAt = System.nanoTime() - 2 * FRESH;

  FigureBoard(
      TaskStore store, Pauses pauses, Recorder recorder, InstantSource clock, Meters meters) {
    this.store = store;
    this.pauses = pauses;
    this.recorder = recorder;
    this.clock = clock;
    this.meters = meters;
    for (TaskState state : TaskState.values()) {
      meters.gauge(
          "penstock.tasks",
          Tags.of("state", state.json()),
          this,
          board -> board.newest.states().getOrDefault(state, 0L));
    }
  }

  /**
   * Reads the store when the figures are older than a second.
   *
   * @throws Unavailable when it could not be read the last time it was tried
   */
  synchronized Figures figures() {
    long now = System.nanoTime();
    if (now - readAt > FRESH) {
      readAt = now; // also of a try that fails: those who ask meanwhile must not queue up behind it
      recorder.flushIfPossible(store); // reads go on where nothing can be written
      failed = null;
      try {
        pauses.refresh();
        TaskStore.TaskCounts counts = store.figures();
        newest = new Figures(counts.states(), lanes(counts.lanes()));
      } catch (Unavailable e) {
        failed = e;
      }
      meters.lanes(phases(newest));
    }
    if (failed != null) {
      throw failed;
    }
    return newest;
  }

  private List<LaneFigures> lanes(List<LaneCounts> counted) {
    Instant now = clock.instant();
    Map<Lane, LaneMinute> recent =
        LastMinute.of(store.history(now.truncatedTo(MINUTES).minus(1, MINUTES)), now);
    Set<Lane> paused = pauses.lanes();
    Map<Lane, LaneCounts> lanes = new TreeMap<>(Comparator.comparing(Lane::name));
    paused.forEach(lane -> lanes.put(lane, LaneCounts.none(lane)));
    // What is done as fast as it comes is never counted as live.
    recent.keySet().forEach(lane -> lanes.put(lane, LaneCounts.none(lane)));
    counted.forEach(counts -> lanes.put(counts.lane(), counts));
    return lanes.values().stream()
        .map(counts -> {
          Lane lane = counts.lane();
          return new LaneFigures(
              counts, paused.contains(lane), recent.getOrDefault(lane, LastMinute.none(lane, now)));
        })
        .toList();
  }

  private static Map<Lane, Map<String, Long>> phases(Figures figures) {
    Map<Lane, Map<String, Long>> phases = new HashMap<>();
    for (LaneFigures lane : figures.lanes()) {
      LaneCounts counts = lane.counts();
      phases.put(
          lane.lane(),
          Map.of(
              "ready", counts.ready(),
              "scheduled", counts.scheduled(),
              "running", counts.running(),
              "waiting", counts.waiting()));
    }
    return phases;
  }
}
