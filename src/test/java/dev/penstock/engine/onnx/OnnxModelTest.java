package dev.penstock.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15q.BgeSmallEnV15QuantizedEmbeddingModel;
import dev.penstock.base.ResourceFile;
import dev.penstock.engine.Device;
import dev.penstock.engine.Encoder;
import dev.penstock.engine.LoadedModel;
import dev.penstock.engine.TestModels;
import dev.penstock.engine.Tokenizer;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Pooling;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxModelTest {
  @TempDir static Path data;

  @Test
  void miniLmGivesTheReferencesVectorsInAnyBatch() throws Exception {
    try (Opened opened = new Opened(TestModels.MINILM)) {
      List<float[]> alone = opened.matches(new AllMiniLmL6V2EmbeddingModel());
      opened.matchesABareRunOnLongTexts();
      assertThat(opened.spread(alone, false).distance()).isLessThanOrEqualTo(1e-5);
      assertThat(opened.spread(alone, true).distance()).isLessThanOrEqualTo(1e-5);
      opened.runsSideBySide(alone);
    }
  }

  /** int8 activations are quantised over the whole batch, so neighbours do matter a little. */
  @Test
  void quantisedMiniLmGivesTheReferencesVectorsAndLittleSpread() throws Exception {
    try (Opened opened = new Opened(TestModels.MINILM_Q)) {
      List<float[]> alone = opened.matches(new AllMiniLmL6V2QuantizedEmbeddingModel());
      opened.matchesABareRunOnLongTexts();
      assertThat(opened.spread(alone, false).cosine()).isGreaterThan(0.95);
      assertThat(opened.spread(alone, true).cosine()).isGreaterThan(0.95);
    }
  }

  @Test
  void quantisedBgeGivesTheReferencesVectorsAndLittleSpread() throws Exception {
    try (Opened opened = new Opened(TestModels.BGE_Q)) {
      List<float[]> alone = opened.matches(new BgeSmallEnV15QuantizedEmbeddingModel());
      opened.matchesABareRunOnLongTexts();
      assertThat(opened.spread(alone, false).cosine()).isGreaterThan(0.95);
      assertThat(opened.spread(alone, true).cosine()).isGreaterThan(0.95);
    }
  }

  @Test
  void tokenIdsOutsideTheVocabularyAreAFailureAndNotACrash() throws Exception {
    try (LoadedModel loaded = TestModels.open(TestModels.MINILM_Q, data)) {
      Encoder model = loaded.model();
      assertThatThrownBy(() -> model.run(List.of(new int[] {101, 9_999_999, 102})))
          .hasMessageContaining("9999999");
      assertThat(model.run(List.of(new int[] {101, 102}))).hasSize(1);
    }
  }

  @Test
  void aFileThatIsNoModelIsRefused() throws Exception {
    Path file = ResourceFile.unpack("all-minilm-l6-v2-tokenizer.json", data, "not-a-model");

    assertThatThrownBy(() ->
            OnnxModel.open(
                "minilm", EmbeddingTraits.of(TestModels.MINILM), file, new Device.Cpu(), 0))
        .isInstanceOf(OrtException.class);
  }

  @Test
  void aModelOfOtherDimensionsIsRefused() throws Exception {
    EmbeddingTraits traits = EmbeddingTraits.of(TestModels.MINILM_Q);
    ModelSpec wrong =
        TestModels.with(
            TestModels.MINILM_Q,
            new EmbeddingTraits(
                traits.pooling(),
                traits.maxTokens(),
                768,
                traits.prefixes(),
                traits.truncate(),
                traits.tokenIds(),
                traits.inputs()));

    assertThatThrownBy(() -> TestModels.open(wrong, data)).hasMessageContaining("768");
  }

  private record Spread(double cosine, double distance) {}

  private static final class Opened implements AutoCloseable {
    private final ModelSpec spec;
    private final LoadedModel loaded;
    private final Encoder model;
    private final Tokenizer tokenizer;

    Opened(ModelSpec spec) throws Exception {
      this.spec = spec;
      this.loaded = TestModels.open(spec, data);
      this.model = loaded.model();
      this.tokenizer = loaded.tokenizer();
    }

    /** Checks 200 texts, one a batch; returns their vectors. */
    List<float[]> matches(EmbeddingModel reference) throws Exception {
      List<float[]> vectors = new ArrayList<>();
      for (String text : TestModels.variedTexts()) {
        int[] ids = tokenizer.encode(text, Truncation.END).ids();
        assertThat(ids.length).as(text).isLessThanOrEqualTo(128);
        float[] ours = model.run(List.of(ids)).getFirst();
        assertThat(TestModels.cosine(ours, ours)).isCloseTo(1, within(1e-6));
        float[] theirs = reference.embed(text).content().vector();
        assertThat(TestModels.cosine(ours, theirs)).as(text).isGreaterThanOrEqualTo(0.9999);
        vectors.add(ours);
      }
      return vectors;
    }

    /** The same session options and pooling written out again, on tokens cut by hand. */
    void matchesABareRunOnLongTexts() throws Exception {
      String text = "Water falls through the penstock, and the turbine turns. ".repeat(60);
      int[] ids = tokenizer.encode(text, Truncation.END).ids();
      assertThat(ids).hasSize(EmbeddingTraits.of(spec).maxTokens()).endsWith(102);
      Path file = ResourceFile.unpack(TestModels.onnx(spec), data.resolve("models"), spec.name());
      OrtEnvironment environment = OnnxModel.environment();
      long[][] tokens = {Arrays.stream(ids).asLongStream().toArray()};
      long[][] ones = {new long[ids.length]};
      Arrays.fill(ones[0], 1);
      try (OrtSession session = environment.createSession(file.toString());
          OnnxTensor input = OnnxTensor.createTensor(environment, tokens);
          OnnxTensor mask = OnnxTensor.createTensor(environment, ones);
          OnnxTensor types =
              OnnxTensor.createTensor(environment, new long[][] {new long[ids.length]});
          OrtSession.Result result =
              session.run(
                  Map.of("input_ids", input, "attention_mask", mask, "token_type_ids", types))) {
        float[][] hidden = ((float[][][]) result.get(0).getValue())[0];
        float[] expected = new float[EmbeddingTraits.of(spec).dimensions()];
        int count = EmbeddingTraits.of(spec).pooling() == Pooling.CLS ? 1 : hidden.length;
        for (int t = 0; t < count; t++) {
          for (int d = 0; d < expected.length; d++) {
            expected[d] += hidden[t][d] / count;
          }
        }
        float[] ours = model.run(List.of(ids)).getFirst();
        assertThat(TestModels.cosine(ours, expected)).isGreaterThanOrEqualTo(0.9999);
      }
    }

    /**
     * How far neighbours and padding move a text's vector, in batches of 8.
     *
     * @param alike true: texts of like length, as the batcher puts them together
     */
    Spread spread(List<float[]> alone, boolean alike) throws Exception {
      List<String> texts = TestModels.variedTexts();
      List<int[]> ids =
          texts.stream().map(text -> tokenizer.encode(text, Truncation.END).ids()).toList();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < 96; i++) {
        order.add(i);
      }
      Collections.shuffle(order, new Random(5));
      if (alike) {
        order.sort(Comparator.comparingInt(i -> ids.get(i).length));
      }
      double least = 1;
      double sum = 0;
      double most = 0;
      for (int start = 0; start < order.size(); start += 8) {
        List<Integer> picked = order.subList(start, start + 8);
        List<float[]> vectors = model.run(picked.stream().map(ids::get).toList());
        for (int i = 0; i < picked.size(); i++) {
          float[] before = alone.get(picked.get(i));
          double cosine = TestModels.cosine(before, vectors.get(i));
          least = Math.min(least, cosine);
          sum += cosine;
          most = Math.max(most, TestModels.distance(before, vectors.get(i)));
        }
      }
      System.out.printf(
          "%s, alone and among 7 of %s length: cosine %.6f at least, %.6f on average; "
              + "floats differ by %.1e at most%n",
          spec.name(), alike ? "like" : "any", least, sum / order.size(), most);
      return new Spread(least, most);
    }

    void runsSideBySide(List<float[]> alone) throws Exception {
      List<String> texts = TestModels.variedTexts().subList(0, 30);
      try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
        List<Callable<List<float[]>>> runs =
            texts.stream()
                .map(text -> tokenizer.encode(text, Truncation.END).ids())
                .<Callable<List<float[]>>>map(ids -> () -> model.run(List.of(ids)))
                .toList();
        List<Future<List<float[]>>> results = threads.invokeAll(runs);
        for (int i = 0; i < texts.size(); i++) {
          float[] vector = results.get(i).get().getFirst();
          assertThat(TestModels.distance(vector, alone.get(i))).isLessThanOrEqualTo(1e-5);
        }
      }
    }

    @Override
    public void close() {
      loaded.close();
    }
  }
}
