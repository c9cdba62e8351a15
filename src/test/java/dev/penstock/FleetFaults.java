package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;

import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.Fleet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several nodes that share RabbitMQ and Redis: two take requests, two run tasks. A test may kill,
 * freeze or stop any of them, and the next finds all of them again.
 */
abstract class FleetFaults {
  static final Duration LIMIT = Duration.ofMinutes(2);

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  static Fleet fleet;

  final Checker checker = new Checker();
  private long duplicates;

  @BeforeAll
  static void startFleet(@TempDir Path folder) throws Exception {
    Map<String, String> settings = Map.of("PING_ALLOW_CRASH", "true", "TASK_MAX_LOST", "3");
    fleet = Fleet.start(folder, settings, 2, 2);
  }

  @AfterAll
  static void stopFleet() throws Exception {
    fleet.close();
  }

  @BeforeEach
  void makeWhole() throws Exception {
    fleet.awaitWhole();
    duplicates = fleet.duplicates();
  }

  /** Waits for all work, and keeps and asserts what came of it. */
  final void settle(String number, String fault) throws Exception {
    Checker.Report report = checker.settle(fleet.api(1), LIMIT.multipliedBy(SCALE));
    fleet.awaitWhole();
    FaultTable.add(number, fault, report, fleet.duplicates() - duplicates);
  }

  final void awaitMore(int more) throws Exception {
    int before = checker.accepted();
    Await.until("the load runs", LIMIT, () -> checker.accepted() > before + more * SCALE);
  }
}
