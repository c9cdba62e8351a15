package dev.penstock.dispatch;

import dev.penstock.bus.Event;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.core.WorkerFigures;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is there: the newest of what each node and remote worker says of itself. Who is silent for
 * long has died. Time is this node's own, since other nodes' clocks may differ. Who was told to
 * drain and does not say that it does is told again: it may have been away when the word went
 * round.
 */
final class Presence {
  private static final Logger LOG = LoggerFactory.getLogger(Presence.class);

  /** How long one may be silent and still be there: several announcements may be lost. */
  static final Duration SILENT = Duration.ofSeconds(15);

  /** How many are known at most; beyond it nobody new is taken in. */
  private static final int MOST = 10_000;

  private record Seen(WorkerFigures worker, long at) {}

  private static final int MOST_DRAINS = 1_000;

  private final LongSupplier nanoTime;
  private final Consumer<DrainWorker> tellAgain;
  private final Map<String, Seen> seen = new HashMap<>(); // guarded by itself

  /** Those told to drain, the newest last. Guarded by {@link #seen}. */
  private final Set<DrainWorker> drains = new LinkedHashSet<>();

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   * @param tellAgain tells all nodes; must not block
   */
  Presence(LongSupplier nanoTime, Consumer<DrainWorker> tellAgain) {
    this.nanoTime = nanoTime;
    this.tellAgain = tellAgain;
  }

  void seen(Event.WorkerSeen event) {
    WorkerFigures worker = event.worker();
    List<DrainWorker> unheard;
    synchronized (seen) {
      boolean known = seen.containsKey(worker.node());
      if (!known && seen.size() >= MOST) {
        return;
      }
      seen.put(worker.node(), new Seen(worker, nanoTime.getAsLong()));
      if (!known) {
        LOG.info(
            "{} is here: {}{}",
            worker.node(),
            String.join(", ", worker.roles()),
            worker.report().host().isEmpty() ? "" : " on " + worker.report().host());
      }
      unheard =
          worker.draining() || drains.isEmpty()
              ? List.of()
              : drains.stream().filter(drain -> drain.isFor(worker)).toList();
    }
    unheard.forEach(tellAgain);
  }

  void drain(DrainWorker event) {
    synchronized (seen) {
      drains.remove(event);
      drains.add(event);
      if (drains.size() > MOST_DRAINS) {
        drains.remove(drains.iterator().next());
      }
    }
  }

  void left(Event.WorkerLeft event) {
    synchronized (seen) {
      Seen known = seen.get(event.worker());
      if (known != null && event.isFor(known.worker())) {
        seen.remove(event.worker());
        drains.removeIf(drain -> drain.isFor(known.worker()));
        LOG.info("{} has left", event.worker());
      }
    }
  }

  long thatRunTasks() {
    return workers().stream().filter(WorkerFigures::runsTasks).count();
  }

  /** The worker's name for people: a node's id is new at each start, its host says more. */
  private static String name(Seen one) {
    String host = one.worker().report().host();
    return one.worker().node() + (host.isEmpty() ? "" : " on " + host);
  }

  /** All who were heard of lately, by name. */
  List<WorkerFigures> workers() {
    long now = nanoTime.getAsLong();
    synchronized (seen) {
      seen.values()
          .removeIf(one -> {
            boolean gone = now - one.at() > SILENT.toNanos();
            if (gone) {
              LOG.warn("{} has not been heard of for {} s", name(one), SILENT.toSeconds());
            }
            return gone;
          });
      return seen.values().stream()
          .map(Seen::worker)
          .sorted(Comparator.comparing(WorkerFigures::node))
          .toList();
    }
  }
}
