package dev.penstock.queue;

import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import dev.penstock.sqlite.SqliteDatabase;

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

  /** The queues in a RabbitMQ broker, which may be away: it is looked for until it is there. */
  public static TaskQueue open(Settings.Rabbitmq settings, Meters meters) {
    return RabbitTaskQueue.open(settings, meters);
  }
}
