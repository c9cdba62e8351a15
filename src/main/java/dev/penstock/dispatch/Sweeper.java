package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Living;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives lapsed leases back. */
final class Sweeper implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
  private static final int AT_A_TIME = 500;

  private final TaskStore store;
  private final Dispatcher dispatcher;
  private final Duration margin;
  private final int maxLost;
  private final Absence absence;
  private final Supplier<Optional<Living>> living;

  /**
   * @param absence while it says so, lapsed leases are left alone
   * @param living who lives, to tell deaths by; empty: it will be known in a moment, and leases are
   *     left alone until then
   */
  Sweeper(
      TaskStore store,
      Dispatcher dispatcher,
      Duration margin,
      int maxLost,
      Absence absence,
      Supplier<Optional<Living>> living) {
    this.store = store;
    this.dispatcher = dispatcher;
    this.margin = margin;
    this.maxLost = maxLost;
    this.absence = absence;
    this.living = living;
  }

  @Override
  public void run() {
    if (absence.leasesStand()) {
      return;
    }
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
}
