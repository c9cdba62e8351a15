package dev.penstock.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SubmitTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.metrics.Meters;
import dev.penstock.queue.TaskQueue;
import dev.penstock.queue.TaskQueues;
import dev.penstock.sqlite.SqliteDatabase;
import dev.penstock.store.TaskStore;
import dev.penstock.store.TaskStores;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.RetryPolicy;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PausesTest {
  private static final Lane LANE = new Lane("ping", null);

  @TempDir Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx);
  private SqliteDatabase database;
  private TaskQueue queue;
  private Pauses pauses;
  private TaskStore store;
  private Meters meters;
  private Recorder recorder;

  @BeforeEach
  void open() {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    store = TaskStores.open(database, InstantSource.system());
    queue = TaskQueues.open(database);
    meters = new Meters(new SimpleMeterRegistry());
    recorder = new Recorder(meters, InstantSource.system());
    pauses = new Pauses(store);
  }

  private Dispatcher dispatcher(TaskQueue over) {
    return new Dispatcher(
        store,
        over,
        bus,
        meters,
        recorder,
        pauses,
        new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(60)),
        Duration.ofSeconds(30));
  }

  @AfterEach
  void close() throws Exception {
    queue.close();
    database.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private void submit() {
    new Submissions(store, queue, recorder)
        .submit(
            new SubmitTasks(
                List.of(
                    new TaskSpec(
                        TaskId.random(),
                        LANE,
                        "default",
                        Priority.TASK,
                        new byte[] {'{', '}'},
                        3,
                        Duration.ofMinutes(10),
                        null,
                        new TaskSpec.Retention(Duration.ofHours(1), Duration.ofDays(7)),
                        Map.of(),
                        null,
                        null))));
  }

  private Leased lease(TaskQueue over) throws InterruptedException {
    return dispatcher(over)
        .lease(
            new LeaseTasks(
                "worker", LANE, 1, 1 << 20, Priority.LOWEST, Suspects.SHOW, Duration.ofMillis(1)));
  }

  @Test
  void aPauseHoldsForThoseWhoWaitedForWorkBeforeItCame() throws Exception {
    submit();
    assertThat(lease(new PausedMeanwhile(queue, () -> pauses.pause(LANE, true))).tasks()).isEmpty();
    assertThat(lease(queue).tasks()).as("it is paused").isEmpty();
    pauses.pause(LANE, false);
    assertThat(lease(queue).tasks()).hasSize(1);
  }

  /** A queue whose lane is paused while somebody waits for its work. */
  private record PausedMeanwhile(TaskQueue real, Runnable pause) implements TaskQueue {
    @Override
    public void enqueue(List<TaskSpec> tasks) {
      real.enqueue(tasks);
    }

    @Override
    public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
      pause.run();
      return real.receive(lane, room, wait);
    }

    @Override
    public void ack(List<Delivery> deliveries) {
      real.ack(deliveries);
    }

    @Override
    public void release(List<Delivery> deliveries) {
      real.release(deliveries);
    }

    @Override
    public Optional<String> trouble() {
      return real.trouble();
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
