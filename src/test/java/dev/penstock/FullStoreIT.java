package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program with a store that is full: rows 22, 23 and 29 of the faults. */
final class FullStoreIT {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Map<String, String> SMALL = Map.of("STORE_MAX_BYTES", "3MiB");
  private static final String LONG = "x".repeat(20_000);

  @TempDir Path folder;

  private static String ping(int n) {
    return "{\"type\":\"ping\",\"input\":{\"n\":%d,\"text\":\"%s\"}}".formatted(n, LONG);
  }

  /** Submits until one of the statuses comes; the ids of those that were taken. */
  private static List<String> fill(Api api, Integer... statuses) throws Exception {
    List<String> ids = new ArrayList<>();
    for (int n = 0; n < 1_000; n++) {
      Answer answer = api.post("/v1/tasks", ping(n));
      if (List.of(statuses).contains(answer.status())) {
        assertThat(answer.raw().headers().firstValue("Retry-After")).isPresent();
        return ids;
      }
      assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
      ids.add(answer.json().path("id").asText());
    }
    throw new AssertionError("it is never full");
  }

  private static Answer pause(Api api) throws Exception {
    return api.post("/v1/queues/ping/pause", "");
  }

  /** As who has no key is told. */
  private static String withoutKey(Api api) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      URI uri = api.base().resolve("/health/ready");
      return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    }
  }

  @Test
  void whatRoomIsLeftIsForOthersAndAFullStoreGoesOnWithWhatNeedsNone() throws Exception {
    try (var penstock = PenstockProcess.start(folder, SMALL);
        var api = penstock.api();
        var acme = new Api(api.base(), api.keyOf("acme"));
        var mill = new Api(api.base(), api.keyOf("mill"));
        var farm = new Api(api.base(), api.keyOf("farm"))) {
      assertThat(pause(api).status()).isEqualTo(200);
      String named = "{\"type\":\"ping\",\"input\":{\"n\":7}}";
      Answer first = acme.post("/v1/tasks", named, "Idempotency-Key", "order-7");
      List<String> ids = fill(acme, 429);
      assertThat(ids).isNotEmpty();
      assertThat(api.get("/health/ready").json().path("status").asText()).isEqualTo("ok");

      List<String> others = fill(mill, 429, 503);
      others.addAll(fill(farm, 503));
      Await.until(
          "readiness says so",
          LIMIT,
          () -> api.get("/health/ready").json().path("status").asText().equals("degraded"));
      assertThat(api.get("/health/ready").status()).isEqualTo(200);
      assertThat(api.get("/health/ready").raw().body()).contains("bytes");
      assertThat(withoutKey(api)).contains("degraded").doesNotContain("bytes");

      Answer again =
          acme.post(
              "/v1/tasks",
              "{\"type\":\"ping\",\"input\":{\"n\":7},\"wait_seconds\":0.1}",
              "Idempotency-Key",
              "order-7");
      assertThat(again.status()).as(again.raw().body()).isEqualTo(202);
      assertThat(again.json().path("id")).isEqualTo(first.json().path("id"));
      penstock.kill();
      penstock.restart();
      // Whether lanes are paused is known within a second of a start.
      Await.until(
          "embeddings are answered",
          LIMIT,
          () ->
              acme.post("/v1/embeddings", "{\"input\":\"no task is needed for this\"}").status()
                  == 200);

      String live = ids.getFirst();
      assertThat(acme.delete("/v1/tasks/" + live).status()).isEqualTo(409);
      assertThat(mill.delete("/v1/tasks/" + live).status()).isEqualTo(404);
      assertThat(acme.post("/v1/tasks/" + live + "/cancel", "").status()).isEqualTo(200);
      assertThat(acme.delete("/v1/tasks/" + live).status()).isEqualTo(200);
      assertThat(acme.get("/v1/tasks/" + live).status()).isEqualTo(404);
      assertThat(acme.post("/v1/tasks/cancel", "{\"all\":true}").status()).isEqualTo(200);
      JsonNode gone = acme.post("/v1/tasks/delete", "{\"all\":true}").json();
      assertThat(gone.path("count").asInt()).isEqualTo(ids.size());
      assertThat(mill.post("/v1/tasks", ping(1)).status()).isEqualTo(202);
      assertThat(mill.get("/v1/tasks/" + others.getFirst()).status()).isEqualTo(200);
    }
  }

  @Test
  void inputsOfCancelledTasksMakeRoomAndTheirRetryIsRefused() throws Exception {
    try (var penstock = PenstockProcess.start(folder, SMALL);
        var api = penstock.api()) {
      assertThat(pause(api).status()).isEqualTo(200);
      List<String> ids = fill(api, 429);
      assertThat(api.post("/v1/tasks/cancel", "{\"all\":true}").json().path("count").asInt())
          .isEqualTo(ids.size());
      // Who holds how much is counted once a second.
      Await.until(
          "tasks are taken again", LIMIT, () -> api.post("/v1/tasks", ping(0)).status() == 202);
      assertThat(fill(api, 429)).as("as many again").hasSizeGreaterThan(ids.size() / 2);

      Answer refused = api.post("/v1/tasks/" + ids.getFirst() + "/retry", "");
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.json().at("/error/code").asText()).isEqualTo("input_gone");
      assertThat(Set.copyOf(ids)).allMatch(id -> known(api, id));
    }
  }

  private static boolean known(Api api, String id) {
    try {
      return api.get("/v1/tasks/" + id).status() == 200;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
