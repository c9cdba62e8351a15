package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import dev.penstock.testing.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Far more work than the machine can do: row 15 of the table of faults, in short. */
final class OverloadIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String LANE = TinyModel.lane(TinyModel.QUICK);
  private static final int LIST = 100;
  private static final int HEAP_MB = 256;

  /** Heap, a tokenizer, native arenas and code; without a bound it would be gigabytes. */
  private static final long MOST_RESIDENT = 700_000_000;

  private static final Map<String, String> SMALL =
      Map.of(
          "HTTP_MAX_HELD_REQUESTS", "16",
          "STORE_MAX_BYTES", "6MiB",
          "LEASE_SWEEP_EVERY", "200ms",
          "JAVA_TOOL_OPTIONS", "-Xmx" + HEAP_MB + "m");

  @TempDir Path folder;

  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger texts = new AtomicInteger();
  private final AtomicInteger heldRefused = new AtomicInteger();
  private final AtomicInteger bulkRefused = new AtomicInteger();
  private final AtomicInteger overtook = new AtomicInteger();
  private final AtomicInteger looks = new AtomicInteger();

  @Test
  void tooMuchWorkIsRefusedClearlyAndWhatWasAcceptedIsDone() throws Exception {
    try (var penstock = PenstockProcess.start(folder, SMALL);
        var api = penstock.api()) {
      // Nothing runs until there is too much of it, however fast the machine is.
      assertThat(api.post("/v1/queues/" + LANE + "/pause", "").status()).isEqualTo(200);
      try (var _ = Producers.start(6, () -> bulk(api));
          var _ = Producers.start(48, () -> held(api));
          var _ = Producers.start(1, () -> live(api))) {
        Await.until(
            "both kinds of work are refused",
            LIMIT,
            () -> bulkRefused.get() > 20 && heldRefused.get() > 20);
        assertThat(api.post("/v1/queues/" + LANE + "/resume", "").status()).isEqualTo(200);
        Await.until(
            "held requests overtake bulk", LIMIT, () -> overtook.get() > 20 && looks.get() > 100);
      }
      assertThat(penstock.alive()).isTrue();
      assertThat(resident(penstock.pid())).as("bytes resident").isLessThan(MOST_RESIDENT);
      Await.until("everything has run", LIMIT, () -> api.metric("penstock_lane_tasks") == 0);
      // By count: a store at its limit drops the oldest results early, so some are gone by now.
      assertThat(api.metric("penstock_runs_total"))
          .as("runs of what was accepted, each once")
          .isEqualTo(accepted.get());
      assertThat(api.metric("penstock_runs_total{lane=\"" + LANE + "\",outcome=\"completed\""))
          .isEqualTo(accepted.get());
      assertThat(penstock.log()).doesNotContain("OutOfMemoryError");
      System.out.printf(
          "overload: accepted %d tasks, refused %d lists and %d held requests; %d held requests overtook bulk work%n",
          accepted.get(), bulkRefused.get(), heldRefused.get(), overtook.get());
    }
  }

  private String text() {
    return "Drop number " + texts.incrementAndGet() + " runs down the hill into the pipe";
  }

  private void bulk(Api api) throws Exception {
    var list = Api.JSON.createArrayNode();
    for (int i = 0; i < LIST; i++) {
      list.addObject().put("type", "embedding").put("input", text());
    }
    Answer answer = api.post("/v1/tasks", list.toString());
    if (answer.status() != 202) {
      refused(answer);
      bulkRefused.incrementAndGet();
      return;
    }
    for (JsonNode task : answer.json().path("data")) {
      accepted.addAndGet(task.has("id") ? 1 : 0);
    }
  }

  private void held(Api api) throws Exception {
    Answer answer =
        api.post(
            "/v1/embeddings",
            Api.JSON
                .createObjectNode()
                .put("input", text())
                .put("encoding_format", "base64")
                .toString());
    if (answer.status() != 200) {
      refused(answer);
      heldRefused.incrementAndGet();
      return;
    }
    accepted.incrementAndGet();
    if (depth(api) > LIST) {
      overtook.incrementAndGet();
    }
  }

  /** How many bulk tasks still wait. They are older than the request that has been answered. */
  private static int depth(Api api) throws Exception {
    return api.get("/v1/queues/" + LANE).json().path("depth").asInt();
  }

  private void live(Api api) throws Exception {
    assertThat(api.get("/health/live").status()).isEqualTo(200);
    looks.incrementAndGet();
  }

  private static void refused(Answer answer) {
    assertThat(answer.status()).as(answer.raw().body()).isIn(429, 503);
    assertThat(answer.raw().headers().firstValue("Retry-After")).isPresent();
    assertThat(answer.json().at("/error/message").asText()).isNotEmpty();
  }

  private static long resident(long pid) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElseThrow();
  }
}
