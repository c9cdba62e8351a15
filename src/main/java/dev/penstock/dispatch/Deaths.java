package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.TakenOver;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows from the death of a process beside the end of its leases. It may have died of work
 * that no lease tells of, which its caller sends again: for a while all work becomes tasks, which
 * are counted.
 */
final class Deaths implements Runnable {
  static final Duration REST = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(Deaths.class);
  private static final int AT_A_TIME = 500;

  private final TaskStore store;
  private final Dispatcher dispatcher;
  private final String node;
  private final int maxLost;
  private final LongSupplier nanoTime;
  private final Consumer<Duration> rest;
  private volatile @Nullable Long last;

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   * @param rest told again and again how long no work is to run without a task
   */
  Deaths(
      TaskStore store,
      Dispatcher dispatcher,
      String node,
      int maxLost,
      LongSupplier nanoTime,
      Consumer<Duration> rest) {
    this.store = store;
    this.dispatcher = dispatcher;
    this.node = node;
    this.maxLost = maxLost;
    this.nanoTime = nanoTime;
    this.rest = rest;
  }

  /**
   * Takes back at once what a process held that had this store to itself and died. Where the store
   * does not answer, a start must not fail: the leases lapse.
   */
  void takeOver() {
    try {
      TakenOver taken = store.takeOver(node, maxLost, AT_A_TIME);
      while (!isEmpty(taken.lapsed())) {
        LOG.warn(
            "a process died that used this data; tasks that run again: {}, failed: {}",
            taken.lapsed().ready().size(),
            taken.lapsed().failed().size());
        dispatcher.reclaimed(taken.lapsed());
        taken = store.takeOver(node, maxLost, AT_A_TIME);
      }
      if (taken.died()) {
        died("the process that used this data before");
      }
    } catch (Unavailable e) {
      LOG.warn("what a dead process may have held is found when it lapses: {}", e.getMessage());
    }
  }

  private static boolean isEmpty(Lapsed lapsed) {
    return lapsed.ready().isEmpty() && lapsed.failed().isEmpty();
  }

  void died(String who) {
    LOG.warn("{} died: for {} minutes all work becomes tasks", who, REST.toMinutes());
    last = nanoTime.getAsLong();
    run();
  }

  @Override
  public void run() {
    Long at = last;
    if (at == null) {
      return;
    }
    Duration left = REST.minusNanos(nanoTime.getAsLong() - at);
    if (left.isPositive()) {
      rest.accept(left);
    } else {
      last = null;
    }
  }
}
