package dev.penstock.dispatch;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The lanes from which nothing is to be leased, as the store had them a moment ago. */
final class Pauses {
  private final TaskStore store;
  private final Consumer<Set<Lane>> told;
  private final Object reading = new Object();
  private Set<Lane> paused = Set.of();

  /**
   * @param told hears of them each time they have been read
   */
  Pauses(TaskStore store, Consumer<Set<Lane>> told) {
    this.store = store;
    this.told = told;
  }

  /** Reads the store. */
  void refresh() {
    // One after the other: what was read first must not come last.
    synchronized (reading) {
      Set<Lane> now = store.paused();
      synchronized (this) {
        paused = now;
        notifyAll();
      }
      told.accept(now);
    }
  }

  /** Reads the store, where it answers: a start must not fail because it does not. */
  void refreshIfPossible() {
    try {
      refresh();
    } catch (Unavailable e) {
      // The next refresh makes it good.
    }
  }

  void pause(Lane lane, boolean pause) {
    Repeat.whileUnknown(() -> store.pause(lane, pause));
    refresh();
  }

  synchronized Set<Lane> lanes() {
    return paused;
  }

  /** Waits while the lane is paused; false when it still is at the end of the wait. */
  synchronized boolean awaitResumed(Lane lane, Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (paused.contains(lane)) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
    }
    return true;
  }
}
