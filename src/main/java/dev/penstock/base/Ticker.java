package dev.penstock.base;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does a chore again and again until it is closed, one run at a time. A failure is logged once. */
public final class Ticker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ticker.class);
  private static final Duration LAST_RUN = Duration.ofSeconds(10);

  private final String name;
  private final Duration period;
  private final Runnable chore;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private Ticker(String name, Duration period, Runnable chore) {
    this.name = name;
    this.period = period;
    this.chore = chore;
    thread = Thread.ofVirtual().name(name).unstarted(this::loop);
  }

  public static Ticker start(String name, Duration period, Runnable chore) {
    var ticker = new Ticker(name, period, chore);
    ticker.thread.start();
    return ticker;
  }

  private void loop() {
    boolean failing = false;
    try {
      while (!closed.await(period.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          chore.run();
          if (failing) {
            LOG.info("{} works again", name);
          }
          failing = false;
        } catch (Unavailable e) {
          // Whoever keeps the link to the store or the queue says so, once for all chores.
          LOG.debug("{} has to wait: {}", name, e.getMessage());
        } catch (RuntimeException | Error e) {
          if (!failing) {
            LOG.warn("{} failed and goes on trying: {}", name, e.toString());
          }
          failing = true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits, with a limit, for a run under way. */
  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(LAST_RUN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
