package dev.penstock.storage;

import dev.penstock.storage.redis.RedisTaskStore;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.storage.sqlite.SqliteKeyStore;

/** Opens key stores. */
public final class KeyStores {
  private KeyStores() {}

  /** The keys in the embedded database, which the caller closes. */
  public static KeyStore open(SqliteDatabase database) {
    return new SqliteKeyStore(database, KeyStore.MOST);
  }

  /**
   * The keys in the Redis of a task store, over the same connection.
   *
   * @param tasks as {@link TaskStores} opened it for Redis
   */
  public static KeyStore beside(TaskStore tasks) {
    if (!(tasks instanceof RedisTaskStore redis)) {
      throw new IllegalArgumentException("not a task store in Redis");
    }
    return redis.keys(KeyStore.MOST);
  }
}
