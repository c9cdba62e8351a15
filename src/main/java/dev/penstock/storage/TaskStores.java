package dev.penstock.storage;

import dev.penstock.config.Settings;
import dev.penstock.storage.redis.RedisTaskStore;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.storage.sqlite.SqliteTaskStore;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;

/** Opens task stores. */
public final class TaskStores {

  /** How long Redis may take to answer; slower is as good as gone. */
  private static final Duration REDIS_ANSWERS = Duration.ofSeconds(5);

  private TaskStores() {}

  /** The store in the embedded database, which the caller closes. There is one a file. */
  public static TaskStore open(SqliteDatabase database, InstantSource clock) {
    return SqliteTaskStore.open(database, clock);
  }

  /**
   * The store in Redis, by Redis's own clock. Blocks a few seconds at most, also when Redis cannot
   * be reached: then {@link TaskStore#trouble} says so until it can.
   */
  public static TaskStore open(Vertx vertx, Settings.Redis settings) {
    return RedisTaskStore.open(vertx, settings, null, REDIS_ANSWERS);
  }
}
