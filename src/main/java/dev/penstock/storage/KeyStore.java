package dev.penstock.storage;

import dev.penstock.core.ApiKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps what is known of API keys, and the owners that they let submit tasks. Every method blocks
 * for a bounded time and throws {@link dev.penstock.base.Unavailable} when there is no answer; each
 * may be repeated. What it stands on is closed with the task store.
 */
public interface KeyStore {
  /** So many keys there may be, and so many owners. */
  int MOST = 10_000;

  /** What became of a key that was to be added. */
  enum Added {
    NOW,
    /** There are too many keys that work. */
    TOO_MANY_KEYS,
    /** There are too many owners, and its owner is not among them. */
    TOO_MANY_OWNERS
  }

  /**
   * Adds a key. When there is no room the one that was revoked first is forgotten for it; its owner
   * is not.
   */
  Added add(ApiKey key);

  /** The key of that hash, also when it is revoked. */
  Optional<ApiKey> find(String hash);

  /** All keys, revoked ones too, newest first. */
  List<ApiKey> list();

  /** Ends a key for good; returns it as it is now. One that was revoked before keeps its time. */
  Optional<ApiKey> revoke(String id, Instant at);

  /** All owners that ever had a key with which tasks can be submitted. */
  Set<String> owners();
}
