package dev.penstock.dispatch;

import dev.penstock.base.Newest;
import dev.penstock.bus.Event;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.core.WorkerFigures;
import dev.penstock.storage.TaskStore.Living;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
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

  /**
   * One who is there.
   *
   * @param since when this process took its name over from one that was not heard of to leave it;
   *     null: nobody had it before, as far as is known
   */
  private record Seen(WorkerFigures worker, long at, @Nullable Long since) {}

  private static final int MOST_DRAINS = 1_000;

  /** Of those who have left in good order, and of those who fell silent, the newest. */
  private static final int MOST_GONE = 1_000;

  private final LongSupplier nanoTime;
  private final Consumer<DrainWorker> tellAgain;
  private final Map<String, Seen> seen = new HashMap<>(); // guarded by itself

  /** Those told to drain, the newest last. Guarded by {@link #seen}. */
  private final Set<DrainWorker> drains = new LinkedHashSet<>();

  /** When each who has left was started. Guarded by {@link #seen}, as the next. */
  private final Map<String, Instant> left = Newest.put(MOST_GONE);

  private final Map<String, Instant> silent = Newest.put(MOST_GONE);
  private final long begun;
  private final String self;
  private final long silence;
  private final Consumer<String> died;

  /** When this node was last frozen, as far as it can tell; null: never. */
  private @Nullable Long frozen;

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   * @param tellAgain tells all nodes; must not block
   * @param self this node
   * @param silence who is silent for so long does not count as living
   * @param died hears of each node that is given up; must not block
   */
  Presence(
      LongSupplier nanoTime,
      Consumer<DrainWorker> tellAgain,
      String self,
      Duration silence,
      Consumer<String> died) {
    this.nanoTime = nanoTime;
    this.tellAgain = tellAgain;
    this.self = self;
    this.silence = silence.toNanos();
    this.died = died;
    this.begun = nanoTime.getAsLong();
  }

  void seen(Event.WorkerSeen event) {
    WorkerFigures worker = event.worker();
    List<DrainWorker> unheard;
    synchronized (seen) {
      Seen before = seen.get(worker.node());
      boolean known = before != null;
      if (!known && seen.size() >= MOST) {
        return;
      }
      long now = nanoTime.getAsLong();
      if (before != null && worker.node().equals(self) && now - before.at() > silence) {
        frozen = now;
      }
      seen.put(worker.node(), new Seen(worker, now, since(worker, before, now)));
      if (!worker.startedAt().equals(left.get(worker.node()))) {
        left.remove(worker.node()); // another has its name, and may die
      }
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

  /** Since when this process has the name, where it took it from another that did not leave it. */
  private @Nullable Long since(WorkerFigures worker, @Nullable Seen before, long now) {
    Instant gone = silent.remove(worker.node());
    if (before != null) {
      return worker.startedAt().equals(before.worker().startedAt()) ? before.since() : (Long) now;
    }
    return gone == null || gone.equals(worker.startedAt()) ? null : (Long) now;
  }

  /**
   * Who lives, for telling deaths: those who were heard of lately, those who have left in good
   * order, and this node. Empty: it has just begun, or was frozen, and has not heard of all yet.
   */
  Optional<Living> living() {
    long now = nanoTime.getAsLong();
    synchronized (seen) {
      Seen own = seen.get(self);
      if (now - begun < silence
          || (own != null && now - own.at() > silence)
          || (frozen != null && now - frozen < silence)) {
        return Optional.empty();
      }
      Map<String, Duration> living = new HashMap<>();
      left.keySet().forEach(name -> living.put(name, Living.ALWAYS));
      for (Seen one : seen.values()) {
        if (now - one.at() <= silence) {
          Long since = one.since();
          living.put(
              one.worker().node(),
              since == null ? Living.ALWAYS : Duration.ofNanos(Math.max(1, now - since)));
        }
      }
      living.put(self, Living.ALWAYS);
      return Optional.of(new Living(true, living));
    }
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
        left.put(event.worker(), known.worker().startedAt());
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
              silent.put(one.worker().node(), one.worker().startedAt());
              if (one.worker().roles().contains("inference")) {
                died.accept(one.worker().node());
              }
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
