package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.Families;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** kill -9, over and over, of the one process that keeps parents and children in SQLite. */
final class FamilyKillIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final int KILLS = 5;

  @TempDir Path folder;

  @Test
  void familiesCompleteThoughTheirProcessIsKilledOverAndOver() throws Exception {
    var checker = new Checker();
    var families = new Families(checker);
    try (var penstock = PenstockProcess.start(folder, PenstockProcess.SHORT_LEASES);
        Api api = penstock.api()) {
      for (int kill = 0; kill < KILLS * FaultTable.SCALE; kill++) {
        int before = checker.accepted();
        try (var _ = Producers.start(4, () -> families.submit(api))) {
          Await.until("the load runs", LIMIT, () -> checker.accepted() > before + 12);
          penstock.kill();
        }
        penstock.restart();
      }
      Checker.Report report = checker.settle(api, LIMIT.multipliedBy(FaultTable.SCALE));
      FaultTable.add("35", "kill -9 the only node, with parents and children", report, 0);
      assertThat(families.assertNoChildBeganLate(api)).as("cancelled").isPositive();
    }
  }
}
