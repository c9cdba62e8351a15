package dev.penstock.storage.rabbit;

import java.util.concurrent.TimeUnit;

/** How often something happened lately: within this second and the one before. Not thread-safe. */
final class RecentCount {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private long began = System.nanoTime();
  private int now;
  private int before;

  void add(int count, long time) {
    pass(time);
    now += count;
  }

  int recent(long time) {
    pass(time);
    return now + before;
  }

  private void pass(long time) {
    long seconds = (time - began) / SECOND;
    if (seconds > 0) {
      before = seconds == 1 ? now : 0;
      now = 0;
      began += seconds * SECOND;
    }
  }
}
