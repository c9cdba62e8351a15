package dev.penstock;

import static dev.penstock.FullSite.fill;
import static dev.penstock.FullSite.lane;
import static dev.penstock.FullSite.narrow;
import static dev.penstock.FullSite.owner;
import static dev.penstock.FullSite.sweep;
import static dev.penstock.FullSite.task;
import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.Site;
import dev.penstock.testing.TinyModel;
import dev.penstock.testing.Urgent.Work;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores that fill: rows 22, 23 and 29 of the faults, as far as they take no minute. */
final class FaultsRoomIT {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String PING = "ping";
  private static final String EMBEDDING = TinyModel.lane(TinyModel.QUICK);

  /** How many are submitted by those who fill nothing. */
  private static final int OTHERS = 10 * SCALE;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site lone;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static Site brokers;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    lone = FullSite.sqlite(folder.resolve("lone"));
    brokers = FullSite.brokers(folder.resolve("brokers"));
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
  void whatIsCancelledInAFullStoreMakesRoomForOthers(Site site) throws Exception {
    try (var row = FaultRow.start(site, Work.EMBEDDING);
        var _ = narrow(site);
        var acme = owner(site, "acme");
        var mill = owner(site, "mill")) {
      lane(site, PING, "pause");
      Checker filled = row.checkerOf(acme);
      for (int time = 0; time < 2; time++) {
        // Who holds how much is counted once a second.
        Await.until(
            "there is room",
            LIMIT,
            () -> filled.submit(acme, task(PING), FullSite::cancelled).isPresent());
        fill(filled, acme, task(PING), FullSite::cancelled, 429);
        sweep(acme, "/v1/tasks/cancel");
      }
      lane(site, PING, "resume");
      submitAll(row.checkerOf(mill), mill);
      row.end("22", "the store is full of cancelled tasks, twice");
      sweep(acme, "/v1/tasks/delete");
      sweep(mill, "/v1/tasks/delete");
    }
  }

  /** None may be refused. */
  private static void submitAll(Checker checker, Api owner) throws Exception {
    for (int i = 0; i < OTHERS; i++) {
      assertThat(checker.ping(owner, "")).isPresent();
    }
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("both")
  void anOwnerWhoFillsTheStoreLeavesTheLastQuarterToOthers(Site site) throws Exception {
    try (var row = FaultRow.start(site, Work.PING);
        var _ = narrow(site);
        var acme = owner(site, "acme");
        var mill = owner(site, "mill")) {
      lane(site, EMBEDDING, "pause");
      fill(row.checkerOf(acme), acme, task("embedding"), FaultsRoomIT::hasVector, 429);
      submitAll(row.checkerOf(mill), mill);
      lane(site, EMBEDDING, "resume");
      row.end("23", "the store is full of one owner's live tasks");
      sweep(acme, "/v1/tasks/delete");
      sweep(mill, "/v1/tasks/delete");
    }
  }

  private static boolean hasVector(JsonNode task) {
    return Checker.completed(task) && !task.at("/result/data/0/embedding").isEmpty();
  }

  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource("both")
  void aNamedTaskIsMetInAFullStoreHoweverLongItsClientWaits(Site site) throws Exception {
    try (var row = FaultRow.start(site, Work.HELD);
        var _ = narrow(site);
        var acme = owner(site, "acme");
        var mill = owner(site, "mill");
        var farm = owner(site, "farm")) {
      Checker named = row.checkerOf(acme);
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < OTHERS; i++) {
        Answer first = acme.post("/v1/tasks", named(i, 20), "Idempotency-Key", "order-" + i);
        assertThat(first.status()).as(first.raw().body()).isEqualTo(200);
        ids.add(first.json().path("id").asText());
      }
      lane(site, PING, "pause");
      fill(row.checkerOf(acme), acme, task(PING), FullSite::cancelled, 429);
      fill(row.checkerOf(mill), mill, task(PING), FullSite::cancelled, 429, 503);
      fill(row.checkerOf(farm), farm, task(PING), FullSite::cancelled, 503);
      for (int i = 0; i < OTHERS; i++) {
        Answer again = acme.post("/v1/tasks", named(i, 1), "Idempotency-Key", "order-" + i);
        named.answered(
            Checker.completed(again.json()) && again.json().path("id").asText().equals(ids.get(i)));
      }
      for (Api each : List.of(acme, mill, farm)) {
        sweep(each, "/v1/tasks/cancel");
      }
      lane(site, PING, "resume");
      row.end("29", "named tasks are submitted again while the store is full");
      for (Api each : List.of(acme, mill, farm)) {
        sweep(each, "/v1/tasks/delete");
      }
    }
  }

  private static String named(int number, int wait) {
    return "{\"type\":\"ping\",\"input\":{\"n\":%d},\"wait_seconds\":%d}".formatted(number, wait);
  }
}
