package dev.penstock.remote;

import dev.penstock.base.Backoff;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the server answers: one line in the log when it stops and one when it is back, and
 * growing pauses in between. Thread-safe.
 */
final class Link {
  private static final Logger LOG = LoggerFactory.getLogger(Link.class);
  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final String server;
  private boolean lost;
  private long since;
  private final Backoff backoff = new Backoff(FIRST, LONGEST);
  private Duration pause = Duration.ZERO;
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
    backoff.reset();
    pause = Duration.ZERO;
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
    // Many lanes fail at once: that is one failure.
    if (now - raised >= pause.toNanos()) {
      raised = now;
      pause = backoff.pause();
    }
    return pause;
  }
}
