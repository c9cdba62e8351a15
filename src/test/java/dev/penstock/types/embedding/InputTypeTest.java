package dev.penstock.types.embedding;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.core.InvalidInput;
import dev.penstock.engine.TestModels;
import dev.penstock.json.StrictJson;
import dev.penstock.models.EmbeddingTraits;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code input_type}: what a request says its texts are. */
final class InputTypeTest {
  private static final EmbeddingTraits NONE = traits(Map.of());
  private static final EmbeddingTraits QUERIES = traits(Map.of("query", "ask: "));
  private static final EmbeddingTraits EMPTY = traits(Map.of("query", "ask: ", "passage", ""));
  private static final EmbeddingTraits BOTH = traits(Map.of("query", "ask: ", "passage", "told: "));
  private static final EmbeddingTraits USUAL = traits(Map.of("default", "any: ", "query", ""));
  private static final List<EmbeddingTraits> ALL = List.of(NONE, QUERIES, EMPTY, BOTH, USUAL);

  private static EmbeddingTraits traits(Map<String, String> prefixes) {
    EmbeddingTraits like = EmbeddingTraits.of(TestModels.MINILM);
    return new EmbeddingTraits(
        like.pooling(),
        like.maxTokens(),
        like.dimensions(),
        prefixes,
        like.truncate(),
        like.tokenIds(),
        like.inputs());
  }

  private static String json(String type) {
    return "{\"input\":\"a\",\"input_type\":\"" + type + "\"}";
  }

  /** What is put before the texts of a request. */
  private static String prefix(EmbeddingTraits model, String type) {
    EmbeddingInput asked =
        EmbeddingInput.of(StrictJson.parse(json(type).getBytes(UTF_8)), "input", model);
    EmbeddingInput kept = EmbeddingInput.of(asked.toJson(), model);
    assertThat(kept.work()).isEqualTo(asked.work());
    return model.prefix(kept.work().inputType());
  }

  @Test
  void documentsAreTakenByEveryModelAndGetAPrefixWhereThereIsOne() {
    for (String type : List.of("document", "passage")) {
      assertThat(prefix(NONE, type)).isEmpty();
      assertThat(prefix(QUERIES, type)).isEmpty();
      assertThat(prefix(EMPTY, type)).isEmpty();
      assertThat(prefix(BOTH, type)).isEqualTo("told: ");
      assertThat(prefix(USUAL, type)).isEmpty();
    }
  }

  @Test
  void questionsAreTakenByEveryModelAndGetAPrefixWhereThereIsOne() {
    assertThat(prefix(NONE, "query")).isEmpty();
    assertThat(prefix(BOTH, "query")).isEqualTo("ask: ");
    assertThat(prefix(USUAL, "query")).isEmpty();
  }

  @Test
  void otherWordsAreRefusedAlikeByEveryModel() {
    for (EmbeddingTraits model : ALL) {
      for (String type : List.of("clustering", "Query", "default")) {
        assertThatThrownBy(() -> prefix(model, type))
            .isInstanceOf(InvalidInput.class)
            .hasMessageContaining("input_type' must be 'query', 'document' or 'passage'");
      }
    }
  }

  @Test
  void requestsThatMeanTheSameAreTheSameWork() {
    EmbeddingInput none =
        EmbeddingInput.of(StrictJson.parse("{\"input\":\"a\"}".getBytes(UTF_8)), "input", QUERIES);
    EmbeddingInput document =
        EmbeddingInput.of(StrictJson.parse(json("document").getBytes(UTF_8)), "input", QUERIES);
    assertThat(document.work()).isEqualTo(none.work());
  }

  @Test
  void aTaskThatWasTakenWithAnyWordBeforeStillRuns() {
    assertThat(EmbeddingInput.of(json("clustering").getBytes(UTF_8), NONE).work().inputType())
        .isNull();
  }
}
