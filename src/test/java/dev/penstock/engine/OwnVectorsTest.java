package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.engine.ModelEngines.Use;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.testing.ModelFolders;
import dev.penstock.testing.TinyOnnx;
import dev.penstock.types.embedding.TestEmbeddings;
import dev.penstock.worker.TestTasks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** The vectors of models in directories, where their files leave room for mistakes. */
final class OwnVectorsTest {
  private static final float[][] TABLE = {
    {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {3, 4, 0}, {-1, 2, 1}, {2, -2, 5}, {0, 3, -3}
  };
  private static final String LONG = "many words of a text that is longer than the other one";

  @TempDir static Path data;
  @TempDir Path models;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private ModelCatalogue catalogue = ModelCatalogue.of(List.of());
  private ModelEngines engines = TestModels.engines(List.of(), data);

  @BeforeEach
  void listen() {
    log.start();
    logger().addAppender(log);
  }

  @AfterEach
  void close() {
    logger().detachAppender(log);
    engines.close();
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger("dev.penstock");
  }

  private void open() {
    engines.close();
    catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, models);
    engines =
        new ModelEngines(
            catalogue,
            new ModelMemory(0, Duration.ZERO),
            Backends.BUILT_IN,
            TestModels.parts(data),
            System::nanoTime);
  }

  /** "words": a vector of the table for each token. */
  private static TinyOnnx words() {
    return new TinyOnnx()
        .input("input_ids")
        .input("attention_mask")
        .table("table", TABLE)
        .number("rows", TABLE.length)
        .node("Mod", "row", "input_ids", "rows")
        .node("Gather", "words", "table", "row");
  }

  private static TinyOnnx tokens(TinyOnnx onnx) {
    return onnx.node("Identity", "last_hidden_state", "words").output("last_hidden_state", 3);
  }

  /** A directory with that model that says nothing of pooling. */
  private Path folder(String name, TinyOnnx onnx) throws Exception {
    Path folder = ModelFolders.tiny(models, name, onnx);
    Files.delete(folder.resolve("1_Pooling/config.json"));
    Files.writeString(
        folder.resolve("config.json"), "{\"model_type\": \"bert\", \"hidden_size\": 3}");
    return folder;
  }

  private static void pooling(Path folder, String json) throws Exception {
    Files.writeString(folder.resolve("1_Pooling/config.json"), json.replace('\'', '"'));
  }

  private List<float[]> embed(String model, String input) throws Exception {
    try (TokenizerThreads threads = new TokenizerThreads(1)) {
      Outcome outcome =
          TestEmbeddings.handler(engines, threads)
              .run(TestTasks.task(new Lane("embedding", model), input, 0), report -> {});
      assertThat(outcome).as(model).isInstanceOf(Outcome.Done.class);
      return TestEmbeddings.read(((Outcome.Done) outcome).output()).vectors();
    }
  }

  private float[] vector(String model, String text) throws Exception {
    return embed(model, "[\"" + text + "\"]").getFirst();
  }

  /** The text's tokens, as its model reads them. */
  private int[] ids(String model, String text) throws Exception {
    try (Use use = engines.acquire(catalogue.find(model).orElseThrow()).orElseThrow()) {
      return use.engine(EmbeddingEngine.class).tokenizer().encode(text, Truncation.END).ids();
    }
  }

  private static double[] sum(int[] ids, int from, int to) {
    double[] sum = new double[TABLE[0].length];
    for (int t = from; t < to; t++) {
      for (int d = 0; d < sum.length; d++) {
        sum[d] += TABLE[ids[t] % TABLE.length][d];
      }
    }
    return sum;
  }

  private static void assertAlong(float[] vector, double[] direction) {
    double norm = 0;
    for (double each : direction) {
      norm += each * each;
    }
    assertThat(vector).hasSameSizeAs(direction);
    for (int d = 0; d < vector.length; d++) {
      assertThat((double) vector[d]).isCloseTo(direction[d] / Math.sqrt(norm), within(1e-5));
    }
  }

  private Stream<String> said() {
    return log.list.stream().map(ILoggingEvent::getFormattedMessage);
  }

  private String broken(String name) {
    return catalogue.broken().getOrDefault(name, "not broken");
  }

  @Test
  void theVectorThatAFileComputesItselfIsUsedAndADifferenceIsSaid() throws Exception {
    Path same =
        folder(
            "same",
            tokens(words()).mean("sentence_embedding", "words").output("sentence_embedding", 2, 3));
    pooling(same, "{'pooling_mode_mean_tokens': true}");
    Path other =
        folder(
            "other",
            tokens(words())
                .node("Neg", "against", "words")
                .mean("sentence_embedding", "against")
                .output("sentence_embedding", 2, 3));
    pooling(other, "{'pooling_mode_cls_token': true}");
    open();

    float[] vector = vector("same", LONG);
    assertAlong(vector, sum(ids("same", LONG), 0, ids("same", LONG).length));
    float[] against = vector("other", LONG);
    for (int d = 0; d < vector.length; d++) {
      assertThat(against[d]).isCloseTo(-vector[d], within(1e-6f));
    }
    assertThat(said())
        .anyMatch(
            line -> line.equals("model same: its own vector is the mean of its last_hidden_state"))
        .anyMatch(line ->
            line.startsWith("model other: its own vector is not the cls of its last_hidden_state"));
  }

  @Test
  void whereNothingSaysHowToPoolTheModelIsRefusedWithTheLineToWrite() throws Exception {
    Path folder = folder("mine", tokens(words()));
    open();
    assertThat(catalogue.find("mine")).isEmpty();
    assertThat(broken("mine")).contains("write 'pooling: mean' (or cls, or max) into model.yaml");

    Files.writeString(folder.resolve("model.yaml"), "pooling: cls\n");
    open();
    assertAlong(vector("mine", LONG), sum(ids("mine", LONG), 0, 1));
  }

  @Test
  void modulesJsonSaysWhereThePoolingIs() throws Exception {
    Path folder = folder("mine", tokens(words()));
    Files.createDirectories(folder.resolve("2_Pool"));
    Files.writeString(folder.resolve("2_Pool/config.json"), "{\"pooling_mode\": \"cls\"}");
    Files.writeString(
        folder.resolve("modules.json"),
        "[{\"type\": \"sentence_transformers.models.Transformer\", \"path\": \"\"},"
            + "{\"type\": \"sentence_transformers.models.Pooling\", \"path\": \"2_Pool\"}]");
    open();

    assertAlong(vector("mine", LONG), sum(ids("mine", LONG), 0, 1));
  }

  @Test
  void layersBehindThePoolingAreInAFileThatComputesTheWholeVector() throws Exception {
    String dense = "[{\"type\": \"sentence_transformers.models.Dense\", \"path\": \"2_Dense\"}]";
    Path whole =
        folder(
            "whole",
            tokens(words())
                .table("narrow", new float[][] {{1, 0}, {0, 1}, {1, 1}})
                .mean("pooled", "words")
                .node("MatMul", "sentence_embedding", "pooled", "narrow")
                .output("sentence_embedding", 2, 2));
    Files.writeString(whole.resolve("modules.json"), dense);
    Files.writeString(whole.resolve("config.json"), "{\"hidden_size\": 3}");
    Path parts = folder("parts", tokens(words()));
    Files.writeString(parts.resolve("modules.json"), dense);
    open();

    double[] wide = sum(ids("whole", LONG), 0, ids("whole", LONG).length);
    assertAlong(vector("whole", LONG), new double[] {wide[0] + wide[2], wide[1] + wide[2]});
    assertThat(EmbeddingTraits.of(catalogue.find("whole").orElseThrow()).dimensions()).isEqualTo(2);
    assertThat(broken("parts")).contains("a layer of type 'Dense'");
  }

  @Test
  void poolerOutputIsNeverTakenUnasked() throws Exception {
    Path both =
        folder(
            "both",
            tokens(
                words()
                    .node("Neg", "n", "words")
                    .mean("pooler_output", "n")
                    .output("pooler_output", 2)));
    pooling(both, "{'pooling_mode_mean_tokens': true}");
    folder("alone", words().mean("pooler_output", "words").output("pooler_output", 2, 3));
    Path asked =
        folder("asked", words().mean("pooler_output", "words").output("pooler_output", 2, 3));
    Files.writeString(asked.resolve("model.yaml"), "output: pooler_output");
    open();

    double[] mean = sum(ids("both", LONG), 0, ids("both", LONG).length);
    assertThat(broken("alone")).contains("write 'output: pooler_output' into model.yaml");
    assertAlong(vector("asked", LONG), mean);
  }

  /** The mean over all tokens, padding too, as some exports have it. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aTextHasTheSameVectorInAnyCompanyThoughTheModelHeedsNoMask(boolean mask) throws Exception {
    TinyOnnx onnx = new TinyOnnx().input("input_ids");
    if (mask) {
      onnx.input("attention_mask");
    }
    folder(
        "mine",
        onnx.table("table", TABLE)
            .number("rows", TABLE.length)
            .node("Mod", "row", "input_ids", "rows")
            .node("Gather", "words", "table", "row")
            .mean("sentence_embedding", "words")
            .output("sentence_embedding", 2, 3));
    open();

    List<float[]> together = embed("mine", "[\"a\", \"" + LONG + "\", \"b\", \"two words\"]");

    assertThat(together.get(0)).containsExactly(vector("mine", "a"));
    assertThat(together.get(1)).containsExactly(vector("mine", LONG));
    assertThat(together.get(3)).containsExactly(vector("mine", "two words"));
    assertThat(said())
        .anyMatch(
            line -> line.startsWith("model mine") && line.contains("texts of one length run"));
  }

  @Test
  void aPromptThatIsNotToCountIsLeftOutOfTheMean() throws Exception {
    Path folder = folder("mine", tokens(words()));
    pooling(folder, "{'pooling_mode_mean_tokens': true, 'include_prompt': false}");
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        "{\"prompts\": {\"query\": \"look for: \"}}");
    open();

    float[] asked = embed("mine", "{\"input\": \"a gate\", \"input_type\": \"query\"}").getFirst();

    int[] ids = ids("mine", "look for: a gate");
    assertThat(ids).hasSize(7);
    assertAlong(asked, sum(ids, 4, 7));
    assertAlong(vector("mine", "a gate"), sum(ids("mine", "a gate"), 0, 4));
  }

  @Test
  void theDefaultPromptIsPutBeforeTextsOfWhichNobodySaysWhatTheyAre() throws Exception {
    Path folder = folder("mine", tokens(words()));
    pooling(folder, "{'pooling_mode_mean_tokens': true}");
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        "{\"prompts\": {\"usual\": \"cluster: \", \"query\": \"\"}, \"default_prompt_name\": \"usual\"}");
    Path unknown = folder("unknown", tokens(words()));
    pooling(unknown, "{'pooling_mode_mean_tokens': true}");
    Files.writeString(
        unknown.resolve("config_sentence_transformers.json"),
        "{\"prompts\": {}, \"default_prompt_name\": \"usual\"}");
    open();

    int[] ids = ids("mine", "cluster: a gate");
    assertAlong(vector("mine", "a gate"), sum(ids, 0, ids.length));
    assertThat(broken("unknown")).contains("default_prompt_name = 'usual' is none of its prompts");
  }

  @Test
  void vectorsNarrowerThanTheHiddenSizeAreTakenAsTheyAre() throws Exception {
    Path fixed =
        folder(
            "fixed",
            words().mean("sentence_embedding", "words").output("sentence_embedding", 2, 3));
    Files.writeString(fixed.resolve("config.json"), "{\"hidden_size\": 65000}");
    Path open =
        folder("open", words().mean("sentence_embedding", "words").output("sentence_embedding", 2));
    Files.writeString(open.resolve("config.json"), "{\"hidden_size\": 65000}");
    Path told =
        folder("told", words().mean("sentence_embedding", "words").output("sentence_embedding", 2));
    Files.writeString(told.resolve("config.json"), "{\"hidden_size\": 65000}");
    Files.writeString(told.resolve("model.yaml"), "dimensions: 3");
    open();

    double[] mean = sum(ids("fixed", LONG), 0, ids("fixed", LONG).length);
    assertAlong(vector("fixed", LONG), mean);
    assertAlong(vector("told", LONG), mean);
    ModelSpec unsaid = catalogue.find("open").orElseThrow();
    try {
      engines.acquire(unsaid);
    } catch (ModelFailure e) {
      assertThat(e.lasts()).isTrue();
    }
    assertThat(broken("open"))
        .contains("has 3 numbers, not 65000: write 'dimensions: 3' into model.yaml");
  }

  @Test
  void everyChoiceIsTheOperatorsInModelYaml() throws Exception {
    Path folder =
        folder(
            "mine",
            tokens(words()).mean("sentence_embedding", "words").output("sentence_embedding", 2));
    Files.move(folder.resolve("onnx/model.onnx"), folder.resolve("onnx/model_int8.onnx"));
    pooling(folder, "{'pooling_mode_mean_tokens': true}");
    Files.writeString(
        folder.resolve("model.yaml"),
        """
        file: onnx/model_int8.onnx
        pooling: cls
        dimensions: 3
        max_tokens: 6
        truncation_side: left
        normalise: false
        aliases: [org/mine, "mine:latest"]
        prompts: {query: "ask: ", document: ""}
        """);
    open();

    assertThat(catalogue.find("org/mine").orElseThrow().name()).isEqualTo("mine");
    assertThat(catalogue.find("mine:latest").orElseThrow().name()).isEqualTo("mine");
    int[] kept = ids("mine", "one two three four five six seven");
    int[] last = ids("mine", "four five six seven");
    assertThat(kept).containsExactly(last);
    float[] first = vector("mine", "one two");
    double[] row = sum(ids("mine", "one two"), 0, 1);
    for (int d = 0; d < row.length; d++) {
      assertThat((double) first[d]).isEqualTo(row[d]);
    }
    EmbeddingTraits traits = EmbeddingTraits.of(catalogue.find("mine").orElseThrow());
    assertThat(traits.prefix("query")).isEqualTo("ask: ");
    assertThat(traits.prefix("passage")).isEmpty();
  }

  @Test
  void ofALongTextTheEndIsReadWhereTheModelSaysSo() throws Exception {
    Path folder = folder("mine", tokens(words()));
    pooling(folder, "{'pooling_mode_mean_tokens': true}");
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"model_max_length\": 8, \"truncation_side\": \"left\"}");
    open();

    float[] end = vector("mine", "two three four five six seven");
    assertThat(vector("mine", "a word and another ".repeat(500) + "two three four five six seven"))
        .containsExactly(end);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pool: mean                 | model.yaml, line 1: has no key 'pool'; there are aliases, dimensions, file,",
        "pooling: last              | pooling = 'last' must be one of mean, cls, max",
        "file: ../other/model.onnx  | file = '../other/model.onnx' must be the name of an .onnx file",
        "file: onnx/none.onnx       | onnx/none.onnx is missing",
        "output: none               | output = 'none' is none of its outputs; there are 'last_hidden_state'",
        "aliases: [a b]             | aliases = 'a b' must be names",
        "normalise: maybe           | normalise = 'maybe' must be one of true, false",
        "truncation_side: middle    | truncation_side = 'middle' must be one of left, right",
        "prompts: {question: x}     | prompts: has no key 'question'",
        "dimensions: 0              | dimensions = '0' must be a whole number",
        "max_tokens: 1000           | max_tokens = 1000, but config.json has positions for 512",
        "[                          | model.yaml, line 1: not YAML",
      })
  void aMistakeInModelYamlIsNamed(String yaml, String reason) throws Exception {
    Path folder = ModelFolders.tiny(models, "mine", tokens(words()));
    Files.writeString(folder.resolve("model.yaml"), yaml);
    open();

    assertThat(broken("mine")).contains(reason).doesNotContain(models.toString());
  }

  @Test
  void anAliasNeverTakesTheNameOfAnotherModelThoughThatOneIsBroken() throws Exception {
    Path folder = ModelFolders.tiny(models, "mine", tokens(words()));
    Files.writeString(folder.resolve("model.yaml"), "aliases: [all-minilm-l6-v2, broken, fine]");
    Files.delete(ModelFolders.tiny(models, "broken", tokens(words())).resolve("config.json"));
    open();

    assertThat(catalogue.find("all-minilm-l6-v2").orElseThrow().name())
        .isEqualTo("all-minilm-l6-v2");
    assertThat(catalogue.find("broken")).isEmpty();
    assertThat(catalogue.find("fine").orElseThrow().name()).isEqualTo("mine");
    assertThat(said())
        .anyMatch(line ->
            line.equals(
                "model mine: its alias all-minilm-l6-v2 is a name of model all-minilm-l6-v2 already"));
  }
}
