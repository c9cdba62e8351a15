package dev.penstock.api.worker;

import dev.penstock.core.WorkerFigures;
import dev.penstock.protocol.ExtendRequest;
import dev.penstock.protocol.Introduction;
import dev.penstock.protocol.LeaseRequest;
import dev.penstock.protocol.LeaseRequest.Wish;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The remote workers heard of lately, and which of them are to take no more work. Thread-safe. */
public final class RemoteWorkers {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteWorkers.class);
  private static final long ANNOUNCE_EVERY = Duration.ofMillis(400).toNanos();

  /** A worker not heard of for so long is another one when it comes back under its name. */
  private static final long FORGET_AFTER = Duration.ofMinutes(10).toNanos();

  private static final int MOST = 10_000;
  private static final List<String> ROLES = List.of("remote");
  private static final Introduction NOTHING = Introduction.none(null);

  private final Consumer<WorkerFigures> announce;

  /** Those heard of longest ago first. Guarded by itself. */
  private final Map<String, Known> known = new LinkedHashMap<>();

  private static final class Known {
    final Instant since = Instant.now();
    List<Lane> lanes = List.of();
    Introduction figures = NOTHING;
    boolean drained;

    /** The one that has stopped: what is still on its way from it is no news. */
    @Nullable Instant left;

    boolean twice;

    /** The one that was told to drain; null: whoever has the name. */
    @Nullable Instant drainedOne;

    boolean announcedDraining;
    long heard = System.nanoTime();
    long announced = heard - 2 * ANNOUNCE_EVERY; // the first time at once

    /** Who has started anew since is another one, to whom the order was not given. */
    boolean draining(@Nullable Introduction said) {
      @Nullable Instant started = said == null ? null : said.startedAt();
      if (started == null) {
        started = figures.startedAt();
      }
      return drained && (started == null || drainedOne == null || started.equals(drainedOne));
    }
  }

  public RemoteWorkers(Consumer<WorkerFigures> announce) {
    this.announce = announce;
  }

  void seen(LeaseRequest poll) {
    seen(poll.worker(), poll.wishes().stream().map(Wish::lane).toList(), poll.figures());
  }

  /** Its poll is still held: it is there, though it says nothing new. */
  void holds(LeaseRequest poll) {
    seen(poll.worker(), List.of(), null);
  }

  void seen(ExtendRequest hold) {
    seen(hold.worker(), List.of(), hold.figures());
  }

  private void seen(String worker, List<Lane> lanes, @Nullable Introduction said) {
    WorkerFigures figures;
    synchronized (known) {
      Known one = touch(worker);
      if (said != null) {
        if (said.startedAt() != null && said.startedAt().equals(one.left)) {
          return;
        }
        lookForTwins(worker, one, said);
        one.figures = said;
      }
      if (!lanes.isEmpty()) {
        one.lanes = lanes;
      }
      boolean draining = one.draining(null);
      if (one.heard - one.announced < ANNOUNCE_EVERY && draining == one.announcedDraining) {
        return;
      }
      one.announced = one.heard;
      one.announcedDraining = draining;
      figures = figures(worker, one);
    }
    announce.accept(figures);
  }

  /** One that was started before the newest of its name speaks: it was not replaced. */
  private static void lookForTwins(String worker, Known one, Introduction said) {
    Instant before = one.figures.startedAt();
    Instant now = said.startedAt();
    if (!one.twice && before != null && now != null && now.isBefore(before)) {
      one.twice = true;
      LOG.warn("two workers are called {}: what is shown of them is mixed up, rename one", worker);
    }
  }

  /** It has said that it is gone. */
  void left(String worker, Instant startedAt) {
    synchronized (known) {
      Known before = touch(worker);
      Instant newest = before.figures.startedAt();
      if (newest == null || newest.equals(startedAt)) {
        var next = new Known(); // whoever takes its name is another one
        next.left = startedAt;
        known.put(worker, next);
      }
    }
  }

  /** Holding the lock. */
  private Known touch(String worker) {
    long now = System.nanoTime();
    var eldest = known.entrySet().iterator();
    while (eldest.hasNext()
        && (now - eldest.next().getValue().heard > FORGET_AFTER || known.size() > MOST)) {
      eldest.remove();
    }
    Known before = known.remove(worker);
    Known one = before == null ? new Known() : before;
    one.heard = now;
    known.put(worker, one);
    return one;
  }

  private static WorkerFigures figures(String worker, Known one) {
    Introduction said = one.figures;
    return new WorkerFigures(
        worker,
        ROLES,
        said.lanes().isEmpty() ? one.lanes : said.lanes(),
        said.startedAt() == null ? one.since : said.startedAt(),
        Instant.now(),
        one.draining(null),
        said.report());
  }

  /**
   * From now on it gets no leases, and hears that it is to drain. Does not block.
   *
   * @param startedAt which of those that have had this name; null: whoever has it
   */
  public void drain(String worker, @Nullable Instant startedAt) {
    synchronized (known) {
      Known one = touch(worker);
      one.drained = true;
      one.drainedOne = startedAt;
    }
  }

  boolean draining(LeaseRequest poll) {
    return draining(poll.worker(), poll.figures());
  }

  boolean draining(ExtendRequest hold) {
    return draining(hold.worker(), hold.figures());
  }

  private boolean draining(String worker, @Nullable Introduction said) {
    synchronized (known) {
      Known one = known.get(worker);
      return one != null && one.draining(said);
    }
  }
}
