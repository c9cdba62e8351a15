package dev.penstock.dispatch;

import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.metrics.Meters;
import dev.penstock.store.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The newest figures of the store, read at most once a second however many ask. */
final class FigureBoard {
  private static final long FRESH = Duration.ofSeconds(1).toNanos();

  private final TaskStore store;
  private final Meters meters;
  private volatile Figures newest = new Figures(Map.of(), List.of());
  private long readAt = System.nanoTime() - 2 * FRESH;

  FigureBoard(TaskStore store, Meters meters) {
    this.store = store;
    this.meters = meters;
    for (TaskState state : TaskState.values()) {
      meters.gauge(
          "penstock.tasks",
          Tags.of("state", state.json()),
          this,
          board -> board.newest.states().getOrDefault(state, 0L));
    }
  }

  /** Reads the store when the figures are older than a second. */
  synchronized Figures figures() {
    long now = System.nanoTime();
    if (now - readAt > FRESH) {
      readAt = now; // also of a try that fails: those who ask meanwhile must not queue up behind it
      TaskStore.Figures figures = store.figures();
      newest =
          new Figures(figures.states(), figures.lanes().stream().map(FigureBoard::lane).toList());
      meters.lanes(phases(newest));
    }
    return newest;
  }

  private static LaneFigures lane(TaskStore.LaneFigures lane) {
    return new LaneFigures(
        lane.lane(), lane.ready(), lane.scheduled(), lane.running(), lane.oldest());
  }

  private static Map<Lane, Map<String, Long>> phases(Figures figures) {
    Map<Lane, Map<String, Long>> phases = new HashMap<>();
    for (LaneFigures lane : figures.lanes()) {
      phases.put(
          lane.lane(),
          Map.of("ready", lane.ready(), "scheduled", lane.scheduled(), "running", lane.running()));
    }
    return phases;
  }
}
