package dev.penstock.storage.sqlite;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.sqlite.QueryPlans.plan;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.SettableClock;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TestTasks;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a look leaps through its index, and what it costs. */
final class ReadyScanTest {
  private static final int TASKS = 100_000;

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private SqliteDatabase database;

  @BeforeEach
  void open() {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void everyLookIsASearchInTheIndexWithoutSorting() {
    for (String sql : List.of(ReadyScan.NEXT_PRIORITY, ReadyScan.OWNERS, ReadyScan.READY)) {
      List<String> plan = plan(database, sql);
      assertThat(plan).as(sql).anyMatch(step -> step.contains("tasks_ready"));
      assertThat(plan)
          .as(sql)
          .noneMatch(step -> step.contains("TEMP B-TREE"))
          .noneMatch(step -> step.matches("SCAN (tasks|t)\\b.*"));
    }
    assertThat(plan(database, ReadyScan.READY))
        .anyMatch(step -> step.contains("owner=? AND seq>?"));
    assertThat(plan(database, ReadyScan.OWNERS))
        .anyMatch(step -> step.contains("owner>? AND owner<?"));
  }

  @Test
  void aLookForSuspectsPassesNoOthers() {
    for (String sql : List.of(ReadyScan.NEXT_PRIORITY, ReadyScan.OWNERS, ReadyScan.READY)) {
      List<String> plan = plan(database, ReadyScan.ofSuspects(sql));
      assertThat(plan)
          .as(sql)
          .anyMatch(step -> step.contains("tasks_suspects"))
          .noneMatch(step -> step.contains("tasks_ready"))
          .noneMatch(step -> step.contains("TEMP B-TREE"));
    }
  }

  @Test
  void whatALookCosts() throws Exception {
    TaskStore store = Storage.in(database, new SettableClock()).tasks();
    for (int owners : new int[] {1, 199}) { // The second time beside the first: 200 in all.
      for (int i = 0; i < TASKS / 2; i += 1_000) {
        List<TaskSpec> some = new ArrayList<>();
        for (int n = 0; n < 1_000; n++) {
          some.add(TestTasks.of("owner-" + owners + "-" + n % owners, TestTasks.task(5)));
        }
        store.insert(some);
      }
      for (int room : new int[] {1, 16, 256}) {
        System.out.printf(
            "take of %d: %d owners, %,d ready: %d µs%n",
            room, owners == 1 ? 1 : 200, owners == 1 ? TASKS / 2 : TASKS, micros(room));
      }
      long before = System.nanoTime();
      store.figures();
      System.out.printf("figures: %d µs%n", (System.nanoTime() - before) / 1_000);
    }
    store.close();
  }

  private long micros(int room) throws Exception {
    TaskQueue queue = Storage.in(database, InstantSource.system()).queue();
    Room wanted = new Room(room, Long.MAX_VALUE, Priority.LOWEST);
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 200; i++) {
      long before = System.nanoTime();
      List<Delivery> taken = queue.receive(LANE, wanted, Duration.ZERO);
      best = Math.min(best, System.nanoTime() - before);
      assertThat(taken).hasSize(room);
      queue.release(taken);
    }
    return best / 1_000;
  }
}
