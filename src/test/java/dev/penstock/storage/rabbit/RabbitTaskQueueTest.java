package dev.penstock.storage.rabbit;

import static dev.penstock.storage.TestTasks.LANE;

import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueueContract;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.Lane;
import dev.penstock.testing.Await;
import dev.penstock.testing.RabbitServer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Over a real broker, beside the embedded store. */
final class RabbitTaskQueueTest extends TaskQueueContract {
  /** The contract takes more in flight than any worker does, and its owners share this. */
  private static final Map<String, String> ROOMY = Map.of("rabbitmq.prefetch", "20000");

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static RabbitServer server;

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // The contract opens it before each test.
  private SqliteDatabase database;

  @BeforeAll
  static void startBroker(@TempDir Path data) throws Exception {
    server = RabbitServer.start(data);
  }

  @AfterAll
  static void stopBroker() throws Exception {
    server.close();
  }

  @Override
  protected Rig open(InstantSource clock) throws Exception {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    TaskQueue queue = TestBroker.open(server, ROOMY, Set.of("owner", "big", "small", "a"));
    Await.until("it is connected", Duration.ofSeconds(20), () -> queue.trouble().isEmpty());
    return new Rig(queue, Storage.in(database, clock).tasks());
  }

  @Override
  protected void shutDown() {
    rig.queue().close();
    rig.store().close();
    database.close();
  }

  @AfterEach
  void emptyTheBroker() throws Exception {
    rig.queue().close();
    TestBroker.delete(server, LANE, new Lane("ping", null));
  }
}
