package dev.penstock.chaos;

import dev.penstock.testing.Api;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Compares what a node says of itself with what it does: the longest time it said too much. */
final class Truth {
  private static final int EVERY_MS = 500;
  private static final int REFUSED = 503;

  private final Api door;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Thread thread;
  private volatile long longest;

  private Truth(Api door) {
    this.door = door;
    this.thread = Thread.ofVirtual().name("truth").start(this::loop);
  }

  /** Of one node: another one may be right to say otherwise. */
  static Truth of(Api door) {
    return new Truth(door);
  }

  private void loop() {
    long since = 0;
    try {
      while (!ended.get()) {
        long now = System.nanoTime();
        if (saysTooMuch()) {
          since = since == 0 ? now : since;
          longest = Math.max(longest, now - since);
        } else {
          since = 0;
        }
        TimeUnit.MILLISECONDS.sleep(EVERY_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** It says that it is ready, and without a but, while it takes no task. */
  private boolean saysTooMuch() throws InterruptedException {
    try {
      Api.Answer health = door.get("/health/ready");
      boolean ready = health.status() == 200 && !health.raw().body().contains("degraded");
      return ready
          && door.post("/v1/tasks", "{\"type\":\"ping\",\"input\":{}}").status() == REFUSED;
    } catch (IOException e) {
      return false;
    }
  }

  /** Ends, and says how long the longest was. */
  Duration end() throws InterruptedException {
    ended.set(true);
    thread.join(Duration.ofSeconds(30));
    return Duration.ofNanos(longest);
  }
}
