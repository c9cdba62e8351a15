package dev.penstock.storage.sqlite;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.CancelResult;
import dev.penstock.core.Ending;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of earlier versions, which hold tasks in every state. */
final class SchemaTest {
  private static final Lane LANE = TestTasks.LANE;

  /** The microsecond in the file from which its tasks count. */
  private static final Instant CREATED = Instant.ofEpochSecond(1_764_000_000);

  @TempDir Path folder;
  private final SettableClock clock = new SettableClock();
  private SqliteDatabase database;
  private TaskStore store;

  @BeforeEach
  void openAFileOfVersionOne() throws Exception {
    Path file = folder.resolve("penstock.db");
    try (InputStream script = requireNonNull(getClass().getResourceAsStream("version-1.sql"));
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.executeUpdate(new String(script.readAllBytes(), StandardCharsets.UTF_8));
    }
    database = SqliteDatabase.open(file);
    store = Storage.in(database, clock).tasks();
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static TaskId id(int n) {
    return new TaskId(String.valueOf(n).repeat(36));
  }

  private Task get(int n) {
    return store.find(id(n)).orElseThrow();
  }

  @Test
  void theFileIsOfTheNewestVersionAfterwards() {
    assertThat(database.<Long>read(c -> c.number("PRAGMA user_version"))).isEqualTo(Schema.VERSION);
    database.close();
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
    assertThat(database.<Long>read(c -> c.number("SELECT count(*) FROM tasks"))).isEqualTo(6);
  }

  @Test
  void everyTaskIsAsItWas() {
    assertThat(IntStream.rangeClosed(1, 6).mapToObj(n -> get(n).state()))
        .containsExactly(
            TaskState.PENDING,
            TaskState.PENDING,
            TaskState.PROCESSING,
            TaskState.COMPLETED,
            TaskState.FAILED,
            TaskState.CANCELLED);
    assertThat(get(1).spec().input()).asString(StandardCharsets.UTF_8).isEqualTo("{\"n\":1}");
    assertThat(get(3).lost()).isEqualTo(1);
    assertThat(requireNonNull(get(4).output()).bytes()).asString().isEqualTo("[4]");
    assertThat(requireNonNull(get(5).error()).message()).isEqualTo("it threw");
    assertThat(store.figures().lanes())
        .containsExactly(new LaneCounts(LANE, 1, 1, 1, 1, CREATED.plusNanos(1_000)));
    assertThat(store.steps(id(5))).isEmpty();
  }

  @Test
  void everyTaskIsListed() {
    TaskFilter all = TaskFilter.of("owner");
    assertThat(store.list(all, null, 10).tasks())
        .extracting(Task::id)
        .containsExactly(id(6), id(5), id(4), id(3), id(2), id(1));
    for (TaskState state : Set.of(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)) {
      assertThat(store.list(all.in(Set.of(state)), null, 10).tasks()).hasSize(1);
    }
  }

  @Test
  void everyTaskGoesOn() throws Exception {
    TaskQueue queue = Storage.in(database, InstantSource.system()).queue();
    var received = queue.receive(LANE, new Room(10, 1_000, Priority.LOWEST), Duration.ZERO);
    assertThat(received).extracting(TaskQueue.Delivery::id).containsExactly(id(1));
    var claimed =
        (Claim.Claimed) store.claim(List.of(id(1)), "w", Duration.ofSeconds(9), false).getFirst();
    Ending done = new Ending.Completed(TestTasks.json("1"));
    assertThat(store.settle(List.of(new Settle(id(1), claimed.lease().token(), done))).getFirst())
        .isInstanceOf(Settled.Now.class);
    assertThat(store.promoteDue(10)).hasSize(1);
    assertThat(store.settle(List.of(new Settle(id(3), "t3", done))).getFirst())
        .isInstanceOf(Settled.Now.class);
    assertThat(store.settle(List.of(new Settle(id(4), "t4", done))).getFirst())
        .isEqualTo(new Settled.Before());
    assertThat(store.cancel(List.of(id(2))).getFirst()).isInstanceOf(CancelResult.Now.class);
    assertThat(store.retry(List.of(id(5), id(6)))).allMatch(RetryResult.Now.class::isInstance);
    assertThat(store.steps(id(5))).extracting(Step::kind).containsExactly(Step.Kind.RETRIED);
  }

  @Test
  void expiredTasksGoWithAllThatBelongsToThem() {
    clock.advance(Duration.ofDays(365));
    store.cancel(List.of(id(1)));
    clock.advance(Duration.ofDays(365));

    assertThat(store.deleteExpired(10)).isEqualTo(4);
    for (String table : List.of("tasks", "task_payloads")) {
      assertThat(database.<Long>read(c -> c.number("SELECT count(*) FROM " + table))).isEqualTo(2);
    }
    for (String table : List.of("task_outputs", "task_steps")) {
      assertThat(database.<Long>read(c -> c.number("SELECT count(*) FROM " + table))).isZero();
    }
  }
}
