package dev.penstock.storage.sqlite;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TaskQueueContract;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteTaskQueueTest extends TaskQueueContract {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // The contract opens it before each test.
  private SqliteDatabase database;

  @Override
  protected Rig open(InstantSource clock) {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    return new Rig(
        Storage.in(database, InstantSource.system()).queue(), Storage.in(database, clock).tasks());
  }

  @Override
  protected void shutDown() {
    rig.queue().close();
    rig.store().close();
    database.close();
  }

  @Test
  void anInsertedTaskIsAMessageBeforeItIsEnqueued() throws Exception {
    List<TaskSpec> specs = tasks(2);
    rig.store().insert(specs);

    List<Delivery> received =
        rig.queue().receive(LANE, new Room(5, 1_000, Priority.LOWEST), Duration.ZERO);
    assertThat(received.stream().map(Delivery::id)).containsExactlyElementsOf(ids(specs));
    rig.queue().enqueue(specs);
    assertThat(rig.queue().receive(LANE, new Room(5, 1_000, Priority.LOWEST), Duration.ZERO))
        .isEmpty();
  }
}
