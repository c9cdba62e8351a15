package dev.penstock.security;

import dev.penstock.base.Newest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the keys that are none of ours, says where they come from, and holds up the answers to
 * whoever sends many. Right keys never wait, for many may share an address. Safe to use from any
 * thread.
 */
public final class WrongKeys {
  private static final Logger LOG = LoggerFactory.getLogger(WrongKeys.class);

  static final Duration PAUSE = Duration.ofSeconds(1);
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  /** Above it the address that was heard of least lately is forgotten. */
  private static final int MOST_ADDRESSES = 10_000;

  /** Lines of the log in a minute: somebody may have any number of addresses. */
  private static final int MOST_LINES = 60;

  /**
   * So many answers are held up at a time; the rest are given at once, for waiting costs us too.
   */
  private static final int MOST_HELD = 1_000;

  private final int allowed;
  private final LongSupplier nanos;
  private final AtomicLong count = new AtomicLong();
  private final Semaphore held = new Semaphore(MOST_HELD);
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Minute> byNetwork = Newest.used(MOST_ADDRESSES);

  /** Of the networks that were said in the log. */
  private Minute said;

  /** When it began, and how many there were since. */
  private record Minute(long since, int count) {
    Minute plusOne(long now) {
      return now - since > MINUTE ? new Minute(now, 1) : new Minute(since, count + 1);
    }
  }

  /**
   * @param allowed how many of a network's are answered at once in a minute
   * @param nanos a clock like {@link System#nanoTime}
   */
  WrongKeys(int allowed, LongSupplier nanos) {
    this.allowed = allowed;
    this.nanos = nanos;
    said = new Minute(nanos.getAsLong(), 0);
  }

  /** How many there were since the start. */
  public long count() {
    return count.get();
  }

  /** Another one came from there: blocks for a second where that is one too many. */
  public void came(String address) throws InterruptedException {
    count.incrementAndGet();
    if (keys(address) > allowed && held.tryAcquire()) {
      try {
        TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
      } finally {
        held.release();
      }
    }
  }

  /** How many came from that network within a minute, this one included. */
  int keys(String address) {
    String network = LoginThrottle.network(address);
    long now = nanos.getAsLong();
    lock.lock();
    try {
      Minute known = byNetwork.get(network);
      Minute minute = known == null ? new Minute(now, 1) : known.plusOne(now);
      byNetwork.put(network, minute);
      if (minute.count == 1) {
        say(address, known, now);
      }
      return minute.count;
    } finally {
      lock.unlock();
    }
  }

  private void say(String address, @Nullable Minute before, long now) {
    said = said.plusOne(now);
    if (said.count <= MOST_LINES) {
      String more =
          before == null
              ? ""
              : "; when there was one last, there were %d in a minute".formatted(before.count);
      LOG.warn("a key that is not known here was sent from {}{}", address, more);
    }
  }
}
