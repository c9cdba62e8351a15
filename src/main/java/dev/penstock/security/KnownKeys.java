package dev.penstock.security;

import dev.penstock.base.Newest;
import dev.penstock.base.Unavailable;
import dev.penstock.core.ApiKey;
import dev.penstock.storage.KeyStore;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the key store said of the keys that were asked for lately, so that it is not asked for every
 * request. Keys that are none of ours are remembered too, apart from the others: guessing must
 * neither load the store nor push out those in use. Safe to use from any thread.
 */
final class KnownKeys {
  /**
   * So long an answer is used unasked: a key that is revoked elsewhere stops within it and the time
   * of one look-up.
   */
  static final Duration FRESH = Duration.ofSeconds(2);

  /**
   * So long a key goes on that was good when the store was last heard; so also one that is revoked
   * elsewhere meanwhile, for no node can tell this one of it then.
   */
  static final Duration GRACE = Duration.ofSeconds(60);

  /** How soon a store that did not answer is asked again for a key that goes on. */
  static final Duration ASK_AGAIN = Duration.ofSeconds(1);

  static final int MOST = 1_000;

  /** So many may wait for the store at a time; the rest are told that it is busy. */
  private static final int ASKING = 64;

  private static final Duration WAIT = Duration.ofSeconds(1);

  private final KeyStore store;
  private final LongSupplier nanos;
  private final Semaphore asking = new Semaphore(ASKING);
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Entry> good = Newest.used(MOST);
  private final Map<String, Long> unknown = Newest.used(MOST);

  /**
   * Counts what was revoked here. An answer that was asked for before a revocation may not know of
   * it and is not remembered. Guarded by the lock.
   */
  private long revocations;

  /** The keys revoked here last, each with the count from then on. */
  private final Map<String, Long> revoked = Newest.used(MOST);

  /**
   * @param nanos a {@link System#nanoTime}
   */
  KnownKeys(KeyStore store, LongSupplier nanos) {
    this.store = store;
    this.nanos = nanos;
  }

  /** A key that worked when the store was asked. Guarded by the lock. */
  private static final class Entry {
    final ApiKey key;
    final long heard;
    long askAt;

    /** One asks for all: whoever comes meanwhile takes the key as it is. */
    boolean beingAsked;

    Entry(ApiKey key, long heard) {
      this.key = key;
      this.heard = heard;
      this.askAt = heard + FRESH.toNanos();
    }
  }

  /**
   * The key of that hash, if it works.
   *
   * @throws Unavailable when the store does not say and has not said lately
   */
  Optional<ApiKey> find(String hash) {
    long now = nanos.getAsLong();
    Entry known;
    long before;
    lock.lock();
    try {
      Long until = unknown.get(hash);
      if (until != null && until - now > 0) {
        return Optional.empty();
      }
      known = usable(hash, now);
      if (known != null) {
        if (known.beingAsked || known.askAt - now > 0) {
          return Optional.of(known.key);
        }
        known.beingAsked = true;
      }
      before = revocations;
    } finally {
      lock.unlock();
    }
    return ask(hash, known, before);
  }

  private @Nullable Entry usable(String hash, long now) {
    Entry known = good.get(hash);
    if (known != null && now - known.heard > GRACE.toNanos()) {
      good.remove(hash);
      return null;
    }
    return known;
  }

  /**
   * @param before how many revocations there had been when it was decided to ask
   */
  private Optional<ApiKey> ask(String hash, @Nullable Entry known, long before) {
    long began = nanos.getAsLong();
    try {
      return heard(hash, ask(hash).filter(ApiKey::works), began, before);
    } catch (Unavailable e) {
      if (known == null) {
        throw e;
      }
      lock.lock();
      try {
        known.askAt = nanos.getAsLong() + ASK_AGAIN.toNanos();
        // It may have been revoked here while the store was asked.
        return revokedSince(hash, before) ? Optional.empty() : Optional.of(known.key);
      } finally {
        lock.unlock();
      }
    } finally {
      if (known != null) {
        lock.lock();
        try {
          known.beingAsked = false;
        } finally {
          lock.unlock();
        }
      }
    }
  }

  private Optional<ApiKey> ask(String hash) {
    try {
      if (!asking.tryAcquire(WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw Unavailable.refused(
            ASKING + " unknown keys are being looked up", new IllegalStateException("no room"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Unavailable.refused("interrupted while a key was to be looked up", e);
    }
    try {
      return store.find(hash);
    } finally {
      asking.release();
    }
  }

  /** What the store said, unless it has been overtaken. */
  private Optional<ApiKey> heard(String hash, Optional<ApiKey> found, long at, long before) {
    lock.lock();
    try {
      if (found.isEmpty()) {
        forget(hash, at);
      } else if (revocations == before) {
        good.put(hash, new Entry(found.get(), at));
      } else if (revokedSince(hash, before)) {
        return Optional.empty();
      }
      return found;
    } finally {
      lock.unlock();
    }
  }

  /** Holding the lock. */
  private boolean revokedSince(String hash, long before) {
    Long then = revoked.get(hash);
    return then != null && then > before;
  }

  private void forget(String hash, long at) {
    good.remove(hash);
    unknown.put(hash, at + FRESH.toNanos());
  }

  /** The key of that hash was revoked here: it ends at once. */
  void revoked(String hash) {
    lock.lock();
    try {
      revoked.put(hash, ++revocations);
      forget(hash, nanos.getAsLong());
    } finally {
      lock.unlock();
    }
  }
}
