package dev.penstock.worker;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Who may run on this node right now: many tasks side by side, or one alone. A task that lost a
 * lease may have killed its process, so it runs alone and brings nobody down again. Fair: once
 * somebody asks to be alone, later tasks wait.
 */
final class SoloGate {
  private static final int EVERYONE = 1 << 20;

  private final Semaphore places = new Semaphore(EVERYONE, true);

  /** Lets tasks in; false when there was no room for them in time. */
  boolean enter(int tasks, Duration patience) throws InterruptedException {
    return places.tryAcquire(tasks, patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  void leave(int tasks) {
    places.release(tasks);
  }

  boolean enterAlone(Duration patience) throws InterruptedException {
    return enter(EVERYONE, patience);
  }

  void leaveAlone() {
    leave(EVERYONE);
  }
}
