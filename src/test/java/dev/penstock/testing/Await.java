package dev.penstock.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits until something is true, with a limit: for what happens in another thread or process. */
public final class Await {
  private static final Duration STEP = Duration.ofMillis(20);

  private Await() {}

  public static void until(String what, Duration limit, Callable<Boolean> condition)
      throws Exception {
    long until = System.nanoTime() + limit.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > until) {
        throw new AssertionError("after " + limit + " still not so: " + what);
      }
      LockSupport.parkNanos(STEP.toNanos());
    }
  }
}
