package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.Site;
import dev.penstock.testing.Urgent.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a node's death does to what ran in it: rows 18 and 21 of the faults. */
final class LongFaultsDeaths {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int LONG = 30;
  private static final int SECONDS = 4 + SCALE;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site lone;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site brokers;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    Map<String, String> settings = Map.of("PING_ALLOW_CRASH", "true", "TASK_MAX_LOST", "3");
    lone = Site.sqlite(folder.resolve("lone"), settings);
    brokers = Site.brokers(folder.resolve("brokers"), settings);
  }

  @AfterAll
  static void stop() {
    lone.close();
    brokers.close();
  }

  static Stream<Site> both() {
    return Stream.of(lone, brokers);
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("both")
  void longTasksThatAKillInterruptedCompleteBesideUrgentOnes(Site site) throws Exception {
    Api api = site.api();
    try (var row = FaultRow.start(site, Work.PING)) {
      for (int i = 0; i < LONG; i++) {
        row.checker().ping(api, ",\"sleep_ms\":" + 1_000 * SECONDS);
      }
      Await.until(
          "they run", LIMIT, () -> api.metric("penstock_lane_running{lane=\"ping\"") >= LONG);
      site.kill();
      site.process().restart();
      row.end("18", "kill -9 with %d tasks of %d s running".formatted(LONG, SECONDS));
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("both")
  void aTaskThatKillsItsProcessFailsAndTheOthersComplete(Site site) throws Exception {
    Api api = site.api();
    try (var row = FaultRow.start(site, Work.PING)) {
      for (int i = 0; i < 40 * SCALE; i++) {
        row.checker().ping(api, ",\"sleep_ms\":100");
      }
      // Later, so that it is accepted before its process dies.
      String culprit =
          row.checker()
              .submit(
                  api,
                  "{\"type\":\"ping\",\"priority\":9,\"delay_seconds\":1,\"input\":{\"crash\":true}}",
                  LongFaultsDeaths::gaveUp)
              .orElseThrow();
      var deaths = new AtomicInteger();
      Await.until(
          "the culprit has failed",
          LIMIT,
          () -> {
            // As an init system would.
            if (!site.process().alive()) {
              deaths.incrementAndGet();
              site.process().relaunch();
            }
            try {
              return gaveUp(api.get("/v1/tasks/" + culprit).json());
            } catch (IOException e) {
              return false;
            }
          });
      row.end("21", "an input kills its process", "the node died %d times".formatted(deaths.get()));
    }
  }

  private static boolean gaveUp(JsonNode task) {
    return task.path("status").asText().equals("failed")
        && task.at("/error/code").asText().equals("lease_lost");
  }
}
