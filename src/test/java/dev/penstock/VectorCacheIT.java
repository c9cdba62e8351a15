package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.PenstockProcess;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts that are sent again, on the program as it is shipped. */
final class VectorCacheIT {
  private static final String HITS = "penstock_cache_gets_total{result=\"hit\"";
  private static final String MISSES = "penstock_cache_gets_total{result=\"miss\"";
  private static final String RUN = "penstock_batch_sequences_sum";
  private static final String TWO = "{\"input\":[\"Water flows\",\"Fire rises\"]}";

  /** The same texts, and not the same work: a task of that may stand in. */
  private static final String REVERSED = "{\"input\":[\"Fire rises\",\"Water flows\"]}";

  @TempDir Path folder;

  private static Answer embed(Api api, String body, String... headers) throws Exception {
    Answer answer = api.post("/v1/embeddings", body, headers);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(200);
    return answer;
  }

  @Test
  void theirVectorsAreTheSameAndTheModelRunsOnlyWhatIsNew() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      Answer first = embed(api, TWO);
      double run = api.metric(RUN);
      assertThat(api.metric(HITS)).isZero();
      assertThat(api.metric(MISSES)).isEqualTo(2);

      Answer again = embed(api, REVERSED);
      assertThat(again.json().at("/data/0/embedding"))
          .isEqualTo(first.json().at("/data/1/embedding"));
      assertThat(again.json().at("/data/1/embedding"))
          .isEqualTo(first.json().at("/data/0/embedding"));
      assertThat(again.json().get("usage")).isEqualTo(first.json().get("usage"));
      assertThat(api.metric(RUN)).isEqualTo(run);
      assertThat(api.metric(HITS)).isEqualTo(2);

      Answer mixed = embed(api, "{\"input\":[\"Earth stays\",\"Water flows\"]}");
      assertThat(mixed.json().at("/data/1/embedding"))
          .isEqualTo(first.json().at("/data/0/embedding"));
      assertThat(api.metric(RUN)).isEqualTo(run + 1);

      embed(api, "{\"input\":\"Fire rises\",\"wait_seconds\":30}");
      assertThat(api.metric(RUN)).as("a task finds it too").isEqualTo(run + 1);
      assertThat(api.metric("penstock_cache_bytes")).isBetween(3 * 4 * 384.0, 10_000.0);
    }
  }

  @Test
  void noOwnerIsAnsweredWithWhatAnotherHasSent() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of());
        var api = penstock.api()) {
      embed(api, TWO);
      try (var another = new Api(penstock.uri(), api.keyOf("another"))) {
        embed(another, TWO);
        assertThat(api.metric(HITS)).isZero();
        embed(another, REVERSED);
        assertThat(api.metric(HITS)).isEqualTo(2);
      }
    }
  }

  @Test
  void aSettingTurnsItOff() throws Exception {
    try (var penstock = PenstockProcess.start(folder, Map.of("EMBEDDING_CACHE", "0"));
        var api = penstock.api()) {
      embed(api, TWO);
      double run = api.metric(RUN);
      embed(api, REVERSED);
      assertThat(api.metric(RUN)).isEqualTo(run + 2);
      assertThat(api.get("/metrics").raw().body()).doesNotContain("penstock_cache");
    }
  }
}
