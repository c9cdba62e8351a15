package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.EndedTasks;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Site;
import dev.penstock.testing.Urgent.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What takes a minute however small it is: part of {@code make faults} alone. Rows 22 and 28 of the
 * faults.
 */
final class LongFaults {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** So long an ended task stays at least. */
  private static final int KEPT_SECONDS = 60;

  private static final int A_SECOND = 10_000;
  private static final int SECONDS = 6 * SCALE;

  /** From the filled file to the first that expires, and a second for each: the node starts. */
  private static final Duration UNTIL_FIRST = Duration.ofSeconds(15);

  @TempDir Path folder;

  @Test
  void failedTasksThatFillTheStoreLeaveForNewOnes() throws Exception {
    try (Site site = FullSite.sqlite(folder)) {
      failedLeave(site);
    }
  }

  @Test
  void failedTasksThatFillRedisLeaveForNewOnes() throws Exception {
    try (Site site = FullSite.brokers(folder)) {
      failedLeave(site);
      assertThat(site.api().metric("penstock_tasks_restored_total")).isZero();
    }
  }

  /**
   * Failed ones take most of the room, and a minute later completed ones, of twice their size, come
   * in place of most of them.
   */
  private static void failedLeave(Site site) throws Exception {
    try (var row = FaultRow.start(site, Work.PING);
        var _ = FullSite.narrow(site)) {
      Api api = site.api();
      Checker checker = row.checker();
      int failed = (site.hasBrokers() ? 220 : 110) * SCALE;
      List<String> ids = new CopyOnWriteArrayList<>();
      Producers.all(
          failed,
          _ -> {
            Answer answer =
                api.post("/v1/tasks", waited(",\"max_attempts\":1", "\"fail_times\":1"));
            checker.answered(answer.json().path("status").asText().equals("failed"));
            ids.add(answer.json().path("id").asText());
          });
      TimeUnit.SECONDS.sleep(KEPT_SECONDS);
      assertThat(api.delete("/v1/tasks/" + ids.removeLast()).status()).isEqualTo(200);
      for (int i = 0; i < failed / 2; i++) {
        Answer answer = api.post("/v1/tasks", waited("", "\"n\":" + i));
        checker.answered(
            answer.status() == 200
                && Checker.completed(answer.json())
                && answer.json().at("/result/echo/n").asInt() == i);
      }
      assertThat(api.get("/health/ready").status()).isEqualTo(200);
      int left = 0;
      for (String id : ids) {
        left += api.get("/v1/tasks/" + id).status() == 404 ? 1 : 0;
      }
      assertThat(left).as("failed ones that left").isPositive();
      row.end(
          "22",
          "the store is full of failed tasks",
          "%d of %d failed ones left for %d others".formatted(left, ids.size(), failed / 2));
    }
  }

  /** A long ping whose client waits for its end. */
  private static String waited(String more, String input) {
    return "{\"type\":\"ping\",\"wait_seconds\":20%s,\"input\":{%s,\"text\":\"%s\"}}"
        .formatted(more, input, "x".repeat(FullSite.BYTES / 2));
  }

  /** The tasks that expire are copied into the file: nobody could submit them that quickly. */
  @Test
  void tenThousandTasksExpireEverySecond() throws Exception {
    try (Site site = Site.sqlite(folder, Map.of())) {
      Api api = site.api();
      Answer one = api.post("/v1/tasks", "{\"type\":\"ping\",\"wait_seconds\":20,\"input\":{}}");
      assertThat(one.status()).isEqualTo(200);
      assertThat(site.process().terminate(LIMIT)).isZero();
      Path file = site.process().database();
      var expiring = EndedTasks.copy(file, one.json().path("id").asText(), SECONDS * A_SECOND);
      Instant from = Instant.now().plus(UNTIL_FIRST).plusSeconds(SECONDS);
      expiring.expire(from, Duration.ofSeconds(1).dividedBy(A_SECOND));
      site.process().restart();
      assertThat(Instant.now()).as("it has started in time").isBefore(from);
      long before = Files.size(file);
      try (var row = FaultRow.start(site, Work.PING)) {
        try (var _ = Producers.start(4, () -> row.checker().ping(api, ""))) {
          Await.until(
              "the last has expired",
              LIMIT.plusSeconds(4L * SECONDS),
              () -> Instant.now().isAfter(from.plusSeconds(SECONDS)));
        }
        long left = expiring.left();
        Await.until("they are gone", LIMIT, () -> expiring.left() == 0);
        row.end(
            "28",
            "%,d tasks expire every second for %d s".formatted(A_SECOND, SECONDS),
            "%,d left as the last one expired; the file had %d MB, then %d MB"
                .formatted(left, before >> 20, Files.size(file) >> 20));
      }
    }
  }
}
