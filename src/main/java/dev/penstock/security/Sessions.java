package dev.penstock.security;

import dev.penstock.base.Digests;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is logged in to the dashboard. A session lives in memory, so a restart ends it; only its
 * token's hash is kept. It ends when nobody used it for a while, and in any case after a longer
 * one. Safe to use from any thread.
 */
public final class Sessions {
  /** Above it the one that was used least recently goes. */
  static final int MOST = 1_000;

  /** Longer than any token of ours: not worth hashing. */
  private static final int MAX_TOKEN = 100;

  private static final int TOKEN_BYTES = 32;

  private final SecureRandom random = new SecureRandom();
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Session> byHash = new HashMap<>();
  private final Duration idle;
  private final Duration max;
  private final InstantSource clock;

  /**
   * @param idle how long a session may go unused
   * @param max how long it may last
   */
  public Sessions(Duration idle, Duration max, InstantSource clock) {
    this.idle = idle;
    this.max = max;
    this.clock = clock;
  }

  private record Session(Caller caller, BooleanSupplier stands, Instant opened, Instant used) {}

  /**
   * Begins a session; returns the token that its cookie holds.
   *
   * @param stands whether what the caller logged in with works still: the session ends with it
   */
  public String open(Caller caller, BooleanSupplier stands) {
    byte[] bytes = new byte[TOKEN_BYTES];
    random.nextBytes(bytes);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    Instant now = clock.instant();
    lock.lock();
    try {
      byHash.values().removeIf(session -> over(session, now));
      if (byHash.size() >= MOST) {
        byHash.entrySet().stream()
            .min(Comparator.comparing(entry -> entry.getValue().used))
            .ifPresent(oldest -> byHash.remove(oldest.getKey()));
      }
      byHash.put(hash(token), new Session(caller, stands, now, now));
    } finally {
      lock.unlock();
    }
    return token;
  }

  /** Who the token stands for, if its session goes on. Counts as use. */
  public Optional<Caller> use(@Nullable String token) {
    return find(token, true);
  }

  /** The same without counting as use: for what a page asks by itself. */
  public Optional<Caller> look(@Nullable String token) {
    return find(token, false);
  }

  private Optional<Caller> find(@Nullable String token, boolean use) {
    if (token == null || token.length() > MAX_TOKEN) {
      return Optional.empty();
    }
    String hash = hash(token);
    Optional<Session> found = current(hash, use);
    // Not under the lock: it may ask the store.
    if (found.isPresent() && !found.get().stands.getAsBoolean()) {
      close(token);
      return Optional.empty();
    }
    return found.map(Session::caller);
  }

  private Optional<Session> current(String hash, boolean use) {
    Instant now = clock.instant();
    lock.lock();
    try {
      Session session = byHash.get(hash);
      if (session == null) {
        return Optional.empty();
      }
      if (over(session, now)) {
        byHash.remove(hash);
        return Optional.empty();
      }
      if (use) {
        byHash.put(hash, new Session(session.caller, session.stands, session.opened, now));
      }
      return Optional.of(session);
    } finally {
      lock.unlock();
    }
  }

  /** Ends a session. One that is unknown has ended already. */
  public void close(@Nullable String token) {
    if (token != null && token.length() <= MAX_TOKEN) {
      lock.lock();
      try {
        byHash.remove(hash(token));
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean over(Session session, Instant now) {
    return !now.isBefore(session.used.plus(idle)) || !now.isBefore(session.opened.plus(max));
  }

  /** Looking up a hash tells nothing about tokens by the time it takes. */
  private static String hash(String token) {
    return HexFormat.of().formatHex(Digests.sha256(token));
  }
}
