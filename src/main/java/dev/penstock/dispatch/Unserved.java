package dev.penstock.dispatch;

import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.core.WorkerFigures;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of each lane whose tasks have waited for a while with no worker that runs them. */
final class Unserved implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Unserved.class);

  /** How long a lane may be without a worker: one that is started anew takes less. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Supplier<List<LaneFigures>> lanes;
  private final Supplier<List<WorkerFigures>> workers;
  private final LongSupplier nanoTime;
  private final Map<Lane, Long> since = new HashMap<>();
  private final Set<Lane> warned = new HashSet<>();
  private long lastRun;

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  Unserved(
      Supplier<List<LaneFigures>> lanes,
      Supplier<List<WorkerFigures>> workers,
      LongSupplier nanoTime) {
    this.lanes = lanes;
    this.workers = workers;
    this.nanoTime = nanoTime;
  }

  @Override
  public void run() {
    long now = nanoTime.getAsLong();
    if (now - lastRun > PATIENCE.toNanos()) {
      since.clear(); // It was another node's turn: what was so then is not known to be so still.
      warned.clear();
    }
    lastRun = now;
    Map<Lane, LaneFigures> waiting = new HashMap<>();
    for (LaneFigures figures : lanes.get()) {
      if (figures.counts().ready() > 0 && !figures.paused()) {
        waiting.put(figures.lane(), figures);
      }
    }
    List<WorkerFigures> there = workers.get();
    waiting.keySet().removeIf(lane -> there.stream().anyMatch(worker -> worker.serves(lane)));
    since.keySet().retainAll(waiting.keySet());
    warned.retainAll(waiting.keySet());
    waiting.forEach((lane, figures) -> {
      long begun = since.computeIfAbsent(lane, _ -> now);
      if (now - begun >= PATIENCE.toNanos() && warned.add(lane)) {
        LOG.warn("lane {}: no worker serves it; tasks waiting: {}", lane, figures.counts().ready());
      }
    });
  }

  /** The lanes it has warned of, and that still wait. */
  Set<Lane> warned() {
    return Set.copyOf(warned);
  }
}
