package dev.penstock.remote;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the server answers: one line in the log when it stops and one when it is back, and
 * growing pauses in between. Thread-safe.
 */
final class Link {
  private static final Logger LOG = LoggerFactory.getLogger(Link.class);
  private static final long FIRST = 200;
  private static final long LONGEST = 10_000;

  private final String server;
  private boolean lost;
  private long since;
  private long pause = FIRST;
  private long raised;

  Link(String server) {
    this.server = server;
  }

  synchronized void answered() {
    if (lost) {
      long seconds = Duration.ofNanos(System.nanoTime() - since).toSeconds();
      LOG.info("{} answers again, after {} s", server, seconds);
    }
    lost = false;
    pause = FIRST;
  }

  synchronized void lost(String why) {
    if (!lost) {
      LOG.warn("{} does not answer: {}; it is tried again until it does", server, why);
      since = System.nanoTime();
    }
    lost = true;
  }

  /** How long to leave the server alone: longer each time, with jitter. */
  synchronized Duration pause() {
    long now = System.nanoTime();
    long millis = pause;
    // Many lanes fail at once: that is one failure.
    if (now - raised > Duration.ofMillis(pause).toNanos()) {
      raised = now;
      pause = Math.min(LONGEST, 2 * pause);
    }
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1));
  }
}
