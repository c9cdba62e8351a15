package dev.penstock.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import dev.penstock.engine.Device;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Inputs;
import dev.penstock.models.EmbeddingTraits.Pooling;
import dev.penstock.models.EmbeddingTraits.TokenIds;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.testing.TinyOnnx;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models unlike the bundled ones, made as small as can be. */
final class OwnModelTest {
  private static final String IDS = "input_ids";
  private static final float[][] TABLE = {{1, 0}, {0, 1}, {3, 4}, {-1, 2}};

  @TempDir Path folder;

  private static EmbeddingTraits traits(Pooling pooling, Inputs inputs) {
    return new EmbeddingTraits(pooling, 16, 2, Map.of(), Truncation.END, TokenIds.REJECT, inputs);
  }

  private OnnxModel open(TinyOnnx onnx, Pooling pooling, Inputs inputs) throws Exception {
    Path file = onnx.write(folder.resolve("model.onnx"));
    Integer padToken = inputs.padToken();
    return OnnxModel.open(
        "own", traits(pooling, inputs), file, new Device.Cpu(), padToken == null ? 0 : padToken);
  }

  private static void assertVector(float[] vector, double x, double y) {
    double length = Math.hypot(x, y);
    assertThat((double) vector[0]).isCloseTo(x / length, within(1e-6));
    assertThat((double) vector[1]).isCloseTo(y / length, within(1e-6));
  }

  @Test
  void aModelWithoutTokenTypesAndWithWeightsBesideItRuns() throws Exception {
    TinyOnnx onnx =
        new TinyOnnx()
            .input(IDS)
            .input("attention_mask")
            .tableIn(folder.resolve("model.onnx_data"), "table", TABLE)
            .node("Gather", "token_embeddings", "table", IDS)
            .output("token_embeddings", 3);
    try (OnnxModel model = open(onnx, Pooling.MEAN, Inputs.STANDARD)) {
      List<float[]> vectors = model.run(List.of(new int[] {2, 1}, new int[] {3}));
      assertVector(vectors.get(0), 3, 5);
      assertVector(vectors.get(1), -1, 2);
    }
    try (OnnxModel model = open(onnx, Pooling.MAX, Inputs.STANDARD)) {
      assertVector(model.run(List.of(new int[] {0, 3}, new int[] {3})).get(0), 1, 2);
      assertVector(model.run(List.of(new int[] {0, 3}, new int[] {3})).get(1), -1, 2);
    }
  }

  @Test
  void positionsAreGivenWhereTheyAreAskedFor() throws Exception {
    TinyOnnx onnx =
        new TinyOnnx()
            .input(IDS)
            .input("position_ids")
            .table("table", TABLE)
            .table("positions", new float[][] {{100, 0}, {0, 0}, {10, 0}, {20, 0}, {0, 50}})
            .node("Gather", "words", "table", IDS)
            .node("Gather", "places", "positions", "position_ids")
            .node("Add", "last_hidden_state", "words", "places")
            .output("last_hidden_state", 3);
    try (OnnxModel model = open(onnx, Pooling.MEAN, new Inputs(1, 2))) {
      List<float[]> vectors = model.run(List.of(new int[] {0, 0, 0}, new int[] {1}));
      assertVector(vectors.get(0), 33, 50);
      assertVector(vectors.get(1), 10, 1);
    }
    try (OnnxModel model = open(onnx, Pooling.CLS, Inputs.STANDARD)) {
      assertVector(model.run(List.of(new int[] {0})).get(0), 101, 0);
    }
  }

  @Test
  void aVectorForEachTextIsTakenAsItIsAndThePaddingIsTheModelsOwn() throws Exception {
    TinyOnnx onnx =
        new TinyOnnx()
            .input(IDS)
            .input("attention_mask")
            .table("table", TABLE)
            .node("Gather", "words", "table", IDS)
            .mean("sentence_embedding", "words")
            .output("sentence_embedding", 2);
    try (OnnxModel model = open(onnx, Pooling.MEAN, new Inputs(2, 0))) {
      List<float[]> vectors = model.run(List.of(new int[] {1, 1}, new int[] {0}));
      assertVector(vectors.get(0), 0, 1);
      assertVector(vectors.get(1), 1 + 3, 4); // this one does not heed padding, so it shows
    }
  }

  @Test
  void modelsOfAnotherKindAreRefusedWithWhatIsWrong() throws Exception {
    assertRefused(
        new TinyOnnx()
            .input("pixels")
            .table("table", TABLE)
            .node("Gather", "words", "table", "pixels")
            .output("words", 3),
        "inputs [pixels] are not those of a text encoder");
    assertRefused(
        new TinyOnnx()
            .input(IDS)
            .table("table", TABLE)
            .node("Gather", "words", "table", IDS)
            .mean("logits", "words")
            .output("logits", 2),
        "output logits is not one vector of 2 numbers for each token");
  }

  private void assertRefused(TinyOnnx onnx, String reason) throws Exception {
    Path file = onnx.write(folder.resolve("model.onnx"));
    assertThatThrownBy(() ->
            OnnxModel.open("own", traits(Pooling.MEAN, Inputs.STANDARD), file, new Device.Cpu(), 0))
        .isInstanceOf(OrtException.class)
        .hasMessageContaining(reason);
  }
}
