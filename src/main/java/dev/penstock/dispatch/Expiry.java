package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import java.time.Duration;

/**
 * Deletes what has been kept long enough, as fast as it comes: a backlog of what has expired would
 * make the store grow with the rate of work.
 */
final class Expiry implements Runnable {
  static final Duration EVERY = Duration.ofSeconds(1);

  private static final int AT_A_TIME = 500;

  /** A run ends after so long all the same, so that a stop need not wait for more. */
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final TaskStore store;

  Expiry(TaskStore store) {
    this.store = store;
  }

  @Override
  public void run() {
    long until = System.nanoTime() + LONGEST.toNanos();
    int deleted;
    do {
      deleted = store.deleteExpired(AT_A_TIME);
    } while (deleted == AT_A_TIME && System.nanoTime() - until < 0);
  }
}
