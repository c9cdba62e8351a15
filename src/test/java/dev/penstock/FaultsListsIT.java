package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.FaultRow;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Site;
import dev.penstock.testing.Urgent.Work;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An owner with one task beside another who has very many: row 31 of the faults. */
final class FaultsListsIT {
  private static final int AT_A_TIME = 1_000;
  private static final int LISTS = 40 * SCALE;
  private static final int REQUESTS = 320 * SCALE;

  @TempDir Path folder;

  @Test
  void anOwnerWithOneTaskListsItBesideAllThoseOfAnother() throws Exception {
    try (Site site = Site.sqlite(folder, Map.of());
        var one = new Api(site.api().base(), site.api().keyOf("one"))) {
      Api api = site.api();
      String task = "{\"type\":\"ping\",\"delay_seconds\":86400}";
      String many = "[" + String.join(",", Collections.nCopies(AT_A_TIME, task)) + "]";
      Producers.all(LISTS, _ -> assertThat(api.post("/v1/tasks", many).status()).isEqualTo(202));
      String other = api.get("/v1/tasks?limit=1").json().at("/data/0/id").asText();
      list(site, one, other);
    }
  }

  private static void list(Site site, Api one, String other) throws Exception {
    Api api = site.api();
    try (var row = FaultRow.start(site, Work.PING)) {
      String own = row.checkerOf(one).ping(one, "").orElseThrow();

      List<Long> lists = new CopyOnWriteArrayList<>();
      List<Long> lookUps = new CopyOnWriteArrayList<>();
      try (var _ =
          Producers.start(
              1,
              () -> {
                Answer found = timed(lookUps, api, "/v1/tasks/" + other);
                assertThat(found.status()).isEqualTo(200);
              })) {
        Producers.all(
            REQUESTS,
            _ -> {
              Answer listed = timed(lists, one, "/v1/tasks");
              row.checker()
                  .answered(
                      listed.json().path("data").size() == 1
                          && listed.json().at("/data/0/id").asText().equals(own));
            });
      }
      assertThat(api.get("/v1/queues/ping").json().path("scheduled").asInt())
          .as("none of the many is lost")
          .isEqualTo(LISTS * AT_A_TIME);
      row.end(
          "31",
          "16 clients list one task among %,d".formatted(LISTS * AT_A_TIME),
          "lists %.1f ms, look-ups beside %.1f ms (p95)".formatted(p95(lists), p95(lookUps)));
    }
  }

  private static Answer timed(List<Long> nanos, Api api, String path) throws Exception {
    long start = System.nanoTime();
    Answer answer = api.get(path);
    nanos.add(System.nanoTime() - start);
    return answer;
  }

  /** In milliseconds. */
  private static double p95(List<Long> nanos) {
    Stream<Long> sorted = nanos.stream().sorted();
    return sorted.skip(nanos.size() * 95L / 100).findFirst().orElse(0L) / 1e6;
  }
}
