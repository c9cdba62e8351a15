package dev.penstock.storage;

import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.rabbit.RabbitTaskQueue;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.storage.sqlite.SqliteTaskQueue;
import java.util.Set;
import java.util.function.Supplier;

/** Opens task queues. */
public final class TaskQueues {

  private TaskQueues() {}

  /**
   * The queue in the embedded database, which the caller closes: a view of the ready tasks that the
   * store keeps there. There is one a file.
   */
  public static TaskQueue open(SqliteDatabase database) {
    return new SqliteTaskQueue(database);
  }

  /**
   * The queues in a RabbitMQ broker, which may be away: it is looked for until it is there.
   *
   * @param owners whose tasks there may be, asked for every two seconds; may block and fail. Those
   *     whose tasks this node enqueues are known without it
   */
  public static TaskQueue open(
      Settings.Rabbitmq settings, Meters meters, Supplier<Set<String>> owners) {
    return RabbitTaskQueue.open(settings, meters, owners);
  }
}
