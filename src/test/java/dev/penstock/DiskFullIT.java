package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.TaskState;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TaskTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes no more writes: row 16 of the table of faults. */
final class DiskFullIT {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir Path folder;

  @Test
  void workIsRefusedWhileTheDiskIsFullAndNothingAcceptedIsLost() throws Exception {
    var checker = new Checker();
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      var producers = Producers.start(4, () -> checker.ping(api, ""));
      Await.until("work is accepted", LIMIT, () -> checker.accepted() > 100);

      // No file of the process may grow past what the database has: to SQLite, the disk is full.
      penstock.limitFileSize(Long.toString(Files.size(penstock.database()) / 2));
      Await.until("work is refused", LIMIT, () -> checker.refused() > 20);
      // Readiness may be a second old.
      Await.until("it is not ready", LIMIT, () -> api.get("/health/ready").status() == 503);
      Answer ready = api.get("/health/ready");
      assertThat(ready.raw().body()).contains("store");
      assertThat(api.get("/health/live").status()).isEqualTo(200);
      producers.close();
      for (int look = 0; look < 10; look++) {
        Thread.sleep(200); // the scheduler's idle commits, which need no room, pass meanwhile
        assertThat(api.get("/health/ready").status()).as("still full, without load").isEqualTo(503);
      }
      producers = Producers.start(4, () -> checker.ping(api, ""));

      penstock.limitFileSize("unlimited");
      int accepted = checker.accepted();
      Await.until("work is accepted again", LIMIT, () -> checker.accepted() > accepted + 50);
      Await.until("it is ready again", LIMIT, () -> api.get("/health/ready").status() == 200);
      producers.close();
      checker.settle(api, LIMIT).assertKept();
      assertThat(penstock.terminate(LIMIT)).isZero();
    }
    TaskTable tasks = TaskTable.read(folder.resolve("data/penstock.db"));
    assertThat(tasks.count(TaskState.PENDING) + tasks.count(TaskState.PROCESSING)).isZero();
  }
}
