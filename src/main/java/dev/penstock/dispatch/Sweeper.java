package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Living;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives lapsed leases back, and deletes what has been kept long enough. */
final class Sweeper implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
  private static final int AT_A_TIME = 500;

  /** How many tasks a round deletes at most, so that a flood of old ones delays nobody. */
  private static final int DELETES_A_ROUND = 20 * AT_A_TIME;

  private final TaskStore store;
  private final Dispatcher dispatcher;
  private final Submissions submissions;
  private final Duration margin;
  private final int maxLost;
  private final long maxBytes;
  private final BooleanSupplier mine;
  private final Supplier<Optional<Living>> living;

  /**
   * @param mine whether this node does the chores; another one does them otherwise
   * @param living who lives, to tell deaths by; empty: it will be known in a moment, and leases are
   *     left alone until then
   */
  Sweeper(
      TaskStore store,
      Dispatcher dispatcher,
      Submissions submissions,
      Duration margin,
      int maxLost,
      long maxBytes,
      BooleanSupplier mine,
      Supplier<Optional<Living>> living) {
    this.store = store;
    this.dispatcher = dispatcher;
    this.submissions = submissions;
    this.margin = margin;
    this.maxLost = maxLost;
    this.maxBytes = maxBytes;
    this.mine = mine;
    this.living = living;
  }

  @Override
  public void run() {
    if (!mine.getAsBoolean()) {
      submissions.setFull(store.bytes() > maxBytes);
      return;
    }
    try {
      reclaim();
    } finally {
      expire();
      trim();
    }
  }

  private void reclaim() {
    Optional<Living> known = living.get();
    if (known.isEmpty()) {
      return;
    }
    Lapsed lapsed;
    do {
      lapsed = store.reclaimLapsed(margin, maxLost, AT_A_TIME, known.get());
      if (!lapsed.ready().isEmpty() || !lapsed.failed().isEmpty()) {
        LOG.warn(
            "leases lapsed: {}; tasks that run again: {}, failed: {}",
            lapsed.ready().size() + lapsed.failed().size(),
            lapsed.ready().size(),
            lapsed.failed().size());
        dispatcher.reclaimed(lapsed);
      }
    } while (!lapsed.ready().isEmpty() || !lapsed.failed().isEmpty());
  }

  private void expire() {
    int deleted = 0;
    int now;
    do {
      now = store.deleteExpired(AT_A_TIME);
      deleted += now;
    } while (now == AT_A_TIME && deleted < DELETES_A_ROUND);
  }

  private void trim() {
    int deleted = 0;
    while (store.bytes() > maxBytes && deleted < DELETES_A_ROUND) {
      int now = store.deleteOldestCompleted(AT_A_TIME);
      if (now == 0) {
        break;
      }
      deleted += now;
    }
    boolean full = store.bytes() > maxBytes;
    if (deleted > 0 || full) {
      LOG.warn(
          "the store passed its limit of {} bytes: {} completed tasks deleted early{}",
          maxBytes,
          deleted,
          full ? "; no new work until there is room" : "");
    }
    submissions.setFull(full);
  }
}
