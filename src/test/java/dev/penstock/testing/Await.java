package dev.penstock.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits until something is true, with a limit: for what happens in another thread or process. */
public final class Await {
  private static final Duration FIRST_STEP = Duration.ofMillis(5);

  /** What waits for long looks seldom: it shares the cores with what it waits for. */
  private static final Duration LONGEST_STEP = Duration.ofMillis(50);

  private Await() {}

  public static void until(String what, Duration limit, Callable<Boolean> condition)
      throws Exception {
    long until = System.nanoTime() + limit.toNanos();
    long step = FIRST_STEP.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > until) {
        throw new AssertionError("after " + limit + " still not so: " + what);
      }
      LockSupport.parkNanos(step);
      step = Math.min(LONGEST_STEP.toNanos(), step * 2);
    }
  }
}
