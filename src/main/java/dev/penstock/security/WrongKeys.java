package dev.penstock.security;

import dev.penstock.base.Newest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
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

  /** Of one network: when it began, and how many came since. */
  private record Minute(long since, int keys) {}

  /**
   * @param allowed how many of a network's are answered at once in a minute
   * @param nanos a clock like {@link System#nanoTime}
   */
  WrongKeys(int allowed, LongSupplier nanos) {
    this.allowed = allowed;
    this.nanos = nanos;
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
      if (known != null && now - known.since <= MINUTE) {
        byNetwork.put(network, new Minute(known.since, known.keys + 1));
        return known.keys + 1;
      }
      byNetwork.put(network, new Minute(now, 1));
      LOG.warn(
          "a key that is not known here was sent from {}{}",
          address,
          known == null
              ? ""
              : "; when there was one last, there were " + known.keys + " in a minute");
      return 1;
    } finally {
      lock.unlock();
    }
  }
}
