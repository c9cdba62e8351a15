package dev.penstock.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.config.BadSettings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.engine.Backends;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.task.Lane;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServedLanesTest {
  private static final Lane PING = new Lane("ping", null);
  private static final Lane MINILM = new Lane("embedding", "all-minilm-l6-v2");
  private static final Lane BGE = new Lane("embedding", "bge-small-en-v1.5-q");

  @TempDir Path models;

  private ServedLanes served(String types, String models) {
    return ServedLanes.of(
        SettingsLoader.load(
                List.of(), Map.of("model.type", types, "model.key", models), Map.of(), null)
            .settings()
            .model(),
        ModelCatalogue.load(Backends.BUILT_IN.forms(), null, this.models),
        Set.of("embedding", "ping"));
  }

  @Test
  void everythingIsServedUnlessItIsLimited() {
    assertThat(served("", "")).matches(all -> all.has(PING) && all.has(MINILM) && all.has(BGE));
  }

  @Test
  void typesAndModelsLimitTheLanes() {
    ServedLanes embedding = served("embedding", "");
    assertThat(embedding.has(PING)).isFalse();
    assertThat(embedding.has(MINILM)).isTrue();

    ServedLanes one = served("", "text-embedding-3-small");
    assertThat(one.has(PING)).as("a type without models").isTrue();
    assertThat(one.has(MINILM)).as("by its alias").isTrue();
    assertThat(one.has(BGE)).isFalse();

    ServedLanes both = served("ping, embedding", "all-minilm-l6-v2, bge-small-en-v1.5-q");
    assertThat(both).matches(all -> all.has(PING) && all.has(MINILM) && all.has(BGE));
  }

  @Test
  void whatIsUnknownStopsTheStart() {
    BadSettings refusal =
        catchThrowableOfType(BadSettings.class, () -> served("embedding,pong", "bge,gpt-9"));

    assertThat(refusal.problems()).hasSize(3);
    assertThat(refusal.problems().get(0))
        .isEqualTo("model.type = 'pong': no task type is called that; there are embedding, ping");
    assertThat(refusal.problems().get(1)).contains("model.key = 'bge'", "bge-small-en-v1.5-q");
  }

  @Test
  void aDirectoryThatIsNoModelYetMayBeNamed() throws Exception {
    Files.createDirectory(models.resolve("coming"));

    ServedLanes served = served("", "coming");

    assertThat(served.has(new Lane("embedding", "coming"))).isTrue();
    assertThat(served.has(MINILM)).isFalse();
  }
}
