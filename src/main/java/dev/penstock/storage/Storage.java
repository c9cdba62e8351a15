package dev.penstock.storage;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.rabbit.RabbitTaskQueue;
import dev.penstock.storage.redis.RedisTaskStore;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.storage.sqlite.SqliteKeyStore;
import dev.penstock.storage.sqlite.SqliteLibrary;
import dev.penstock.storage.sqlite.SqliteTaskQueue;
import dev.penstock.storage.sqlite.SqliteTaskStore;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What keeps tasks, queue and keys: the embedded SQLite file, or Redis and RabbitMQ. */
public final class Storage implements AutoCloseable {

  /** How long Redis may take to answer; slower is as good as gone. */
  private static final Duration REDIS_ANSWERS = Duration.ofSeconds(5);

  private final TaskStore tasks;
  private final TaskQueue queue;
  private final KeyStore keys;
  private final @Nullable SqliteDatabase database;

  private Storage(
      TaskStore tasks, TaskQueue queue, KeyStore keys, @Nullable SqliteDatabase database) {
    this.tasks = tasks;
    this.queue = queue;
    this.keys = keys;
    this.database = database;
  }

  /**
   * Opens what the settings name. Blocks a few seconds at most, also when Redis or the broker
   * cannot be reached: they are looked for until they are there, and {@link TaskStore#trouble} says
   * so.
   */
  public static Storage open(Settings settings, Vertx vertx, Meters meters) {
    if (!external(settings)) {
      SqliteLibrary.prepare(settings.data().dir());
      return in(
          SqliteDatabase.open(settings.db().path()), InstantSource.system(), System::nanoTime);
    }
    RedisTaskStore tasks = RedisTaskStore.open(vertx, settings.redis(), null, REDIS_ANSWERS);
    KeyStore keys = tasks.keys(KeyStore.MOST);
    return new Storage(
        tasks, RabbitTaskQueue.open(settings.rabbitmq(), meters, keys::owners), keys, null);
  }

  /** All of it in one SQLite file, where the queue is a view of the store; there is one a file. */
  public static Storage in(SqliteDatabase database, InstantSource clock) {
    return in(database, clock, Micros.stopwatch(clock));
  }

  /**
   * The same with a wall clock that may be set.
   *
   * @param nanos a clock like {@link System#nanoTime}, which never is
   */
  public static Storage in(SqliteDatabase database, InstantSource wall, LongSupplier nanos) {
    return new Storage(
        SqliteTaskStore.open(database, wall, nanos),
        new SqliteTaskQueue(database),
        new SqliteKeyStore(database, KeyStore.MOST),
        database);
  }

  public TaskStore tasks() {
    return tasks;
  }

  public TaskQueue queue() {
    return queue;
  }

  public KeyStore keys() {
    return keys;
  }

  @Override
  public void close() {
    queue.close();
    tasks.close();
    if (database != null) {
      database.close();
    }
  }

  /** Whether RabbitMQ and Redis hold the work: SQLite's queue is a view of its store. */
  public static boolean external(Settings settings) {
    boolean queue = settings.rabbitmq().used();
    if (queue != settings.redis().used()) {
      throw new BadSettings(
          (queue ? "redis.host" : "rabbitmq.host")
              + ": must be set too, because "
              + (queue ? "rabbitmq.host" : "redis.host")
              + " is: RabbitMQ holds the queue and Redis the tasks, or the SQLite file holds both");
    }
    return queue;
  }
}
