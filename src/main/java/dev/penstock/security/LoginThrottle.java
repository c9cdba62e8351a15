package dev.penstock.security;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Slows down who guesses keys: a few wrong ones from an address, and many from all of them
 * together, are free within a minute; then it is time to wait. Safe to use from any thread.
 */
public final class LoginThrottle {
  static final int PER_ADDRESS = 5;
  static final int ALL_TOGETHER = 100;
  static final Duration WINDOW = Duration.ofMinutes(1);

  /** Above it the address that failed first is forgotten; the limit for all stays. */
  private static final int MAX_ADDRESSES = 10_000;

  /** What one customer of a provider usually has of IPv6: the first half of an address. */
  private static final int NETWORK_BYTES = 8;

  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Failures> byAddress = new LinkedHashMap<>();
  private Failures all;

  public LoginThrottle(InstantSource clock) {
    this.clock = clock;
    all = new Failures(clock.instant(), 0);
  }

  private record Failures(Instant since, int count) {
    boolean over(Instant now) {
      return !now.isBefore(since.plus(WINDOW));
    }

    Failures plusOne(Instant now) {
      return over(now) ? new Failures(now, 1) : new Failures(since, count + 1);
    }
  }

  /**
   * Asks to try a key, and counts the try as a wrong one until {@link #succeeded} is told: tries
   * made at the same time cannot slip past the limit.
   *
   * @return how long to wait first; empty: go on
   */
  public Optional<Duration> attempt(String address) {
    String network = network(address);
    Instant now = clock.instant();
    lock.lock();
    try {
      Failures own = byAddress.getOrDefault(network, new Failures(now, 0));
      if (!own.over(now) && own.count >= PER_ADDRESS) {
        return Optional.of(Duration.between(now, own.since.plus(WINDOW)));
      }
      if (!all.over(now) && all.count >= ALL_TOGETHER) {
        return Optional.of(Duration.between(now, all.since.plus(WINDOW)));
      }
      all = all.plusOne(now);
      byAddress.put(network, own.plusOne(now));
      if (byAddress.size() > MAX_ADDRESSES) {
        byAddress.remove(byAddress.keySet().iterator().next());
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /** The key was right: the address begins anew. */
  public void succeeded(String address) {
    lock.lock();
    try {
      if (byAddress.remove(network(address)) != null && all.count > 0) {
        all = new Failures(all.since, all.count - 1);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whoever it belongs to most likely has all addresses of it. */
  public static String network(String address) {
    try {
      InetAddress literal = InetAddress.ofLiteral(address);
      return literal instanceof Inet6Address
          ? HexFormat.of().formatHex(Arrays.copyOf(literal.getAddress(), NETWORK_BYTES))
          : literal.getHostAddress();
    } catch (IllegalArgumentException e) {
      return address;
    }
  }
}
