package dev.penstock.models;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.config.BadSettings;
import dev.penstock.engine.Backends;
import dev.penstock.start.SettingGroups;
import dev.penstock.types.embedding.EmbeddingSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelCatalogueTest {
  private static final String GOOD =
      """
      models:
        - name: first
          aliases: [one, org/one]
          source:
            onnx: classpath:all-minilm-l6-v2.onnx
            tokenizer: classpath:all-minilm-l6-v2-tokenizer.json
          pooling: mean
          max_tokens: 256
          dimensions: 384
          prefixes: {query: "Q: "}
          truncate: error
          token_ids: own
      """;

  @TempDir Path dir;

  @Test
  void threeModelsAreInsideTheProgram() {
    List<ModelSpec> models = ModelCatalogue.load(Backends.BUILT_IN.forms(), null).all();

    assertThat(models)
        .extracting(ModelSpec::name)
        .containsExactly("all-minilm-l6-v2", "all-minilm-l6-v2-q", "bge-small-en-v1.5-q");
    assertThat(models)
        .extracting(model -> EmbeddingTraits.of(model).pooling())
        .containsExactly(
            EmbeddingTraits.Pooling.MEAN,
            EmbeddingTraits.Pooling.MEAN,
            EmbeddingTraits.Pooling.CLS);
    assertThat(models)
        .extracting(model -> EmbeddingTraits.of(model).maxTokens())
        .containsExactly(256, 256, 512);
    assertThat(models)
        .allSatisfy(model -> {
          assertThat(EmbeddingTraits.of(model).dimensions()).isEqualTo(384);
          assertThat(EmbeddingTraits.of(model).truncate())
              .isEqualTo(EmbeddingTraits.Truncation.END);
          assertThat(EmbeddingTraits.of(model).tokenIds())
              .isEqualTo(EmbeddingTraits.TokenIds.CL100K_BASE);
        });
    assertThat(EmbeddingTraits.of(models.getLast()).prefixes())
        .isEqualTo(Map.of("query", "Represent this sentence for searching relevant passages: "));
  }

  @Test
  void theFilesOfEveryModelCanBeRead() throws IOException {
    for (ModelSpec model : ModelCatalogue.load(Backends.BUILT_IN.forms(), null).all()) {
      for (String name : resources(model)) {
        try (InputStream in = ModelCatalogueTest.class.getResourceAsStream("/" + name)) {
          assertThat(in).as(name).isNotNull();
          assertThat(in.read()).as(name).isNotNegative();
        }
      }
    }
  }

  private static List<String> resources(ModelSpec model) {
    return model.sources().getFirst() instanceof ModelFiles.Resources(String onnx, String tokenizer)
        ? List.of(onnx, tokenizer)
        : List.of();
  }

  @Test
  void aModelIsFoundByNameAndByAlias() {
    ModelCatalogue models = ModelCatalogue.load(Backends.BUILT_IN.forms(), null);

    for (String name :
        List.of(
            "all-minilm-l6-v2",
            "text-embedding-3-small",
            "text-embedding-ada-002",
            "sentence-transformers/all-MiniLM-L6-v2")) {
      assertThat(models.find(name))
          .hasValueSatisfying(model -> assertThat(model.name()).isEqualTo("all-minilm-l6-v2"));
    }
    assertThat(models.find("text-embedding-3-large")).isEmpty();
    assertThat(models.find("")).isEmpty();
  }

  @Test
  void theDefaultModelIsInTheCatalogue() {
    String name =
        SettingGroups.load(Map.of(), Map.of(), null).group(EmbeddingSettings.class).model();

    assertThat(
            ModelCatalogue.load(Backends.BUILT_IN.forms(), null)
                .require("embedding.model", name, EmbeddingTraits.KIND)
                .name())
        .isEqualTo(name);
  }

  @Test
  void aSettingThatNamesNoModelIsToldWhichThereAre() {
    assertThatThrownBy(() ->
            ModelCatalogue.load(Backends.BUILT_IN.forms(), null)
                .require("embedding.model", "gpt-9\n", EmbeddingTraits.KIND))
        .isInstanceOf(BadSettings.class)
        .hasMessageStartingWith(
            "embedding.model = 'gpt-9\\n': must be a model of models.yaml or models.dir: ")
        .hasMessageContaining("text-embedding-3-small")
        .hasMessageContaining("bge-small-en-v1.5-q");
  }

  @Test
  void aGivenFileReplacesTheOneInside() throws IOException {
    ModelSpec model = load(GOOD).all().getFirst();

    assertThat(model)
        .isEqualTo(
            new ModelSpec(
                "first",
                List.of("one", "org/one"),
                new EmbeddingTraits(
                    EmbeddingTraits.Pooling.MEAN,
                    256,
                    384,
                    Map.of("query", "Q: "),
                    EmbeddingTraits.Truncation.ERROR,
                    EmbeddingTraits.TokenIds.OWN,
                    EmbeddingTraits.Inputs.STANDARD),
                List.of(
                    new ModelFiles.Resources(
                        "all-minilm-l6-v2.onnx", "all-minilm-l6-v2-tokenizer.json"))));
  }

  @Test
  void whyThereIsNoneIsSaidOfModelsOfOtherKindsAlone() throws IOException {
    ModelCatalogue catalogue = load(GOOD);

    assertThat(catalogue.whyNone("one", "mirror"))
        .contains("it is a model for embedding, not mirror");
    assertThat(catalogue.whyNone("one", EmbeddingTraits.KIND)).isEmpty();
    assertThat(catalogue.whyNone("none", EmbeddingTraits.KIND)).isEmpty();
  }

  @Test
  void sourceIsShortForOneBackend() throws IOException {
    String whole =
        GOOD.replace("    source:\n", "    kind: embedding\n    backends:\n      - onnx:\n")
            .replace("      onnx: ", "          onnx: ")
            .replace("      tokenizer: ", "          tokenizer: ");

    assertThat(whole).contains("- onnx:\n          onnx: ");
    assertThat(load(whole).all()).isEqualTo(load(GOOD).all());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pooling: mean      | pooling: last        | line 7: model 'first': pooling = 'last' must be one of mean, cls, max",
        "pooling: mean      | pooling: MEAN        | must be one of mean, cls, max",
        "pooling: mean      | pooling:             | model 'first': pooling is empty",
        "pooling: mean      | pool: mean           | model 'first': pooling is missing",
        "pooling: mean      | pool: mean           | has no key 'pool'; there are aliases, backends, dimensions,",
        "max_tokens: 256    | max_tokens: many     | max_tokens = 'many' must be a whole number from 3 to",
        "max_tokens: 256    | max_tokens: 2        | max_tokens = '2' must be a whole number from 3 to",
        "max_tokens: 256    | max_tokens: [256]    | max_tokens must be one value",
        "dimensions: 384    | dimensions: 0        | dimensions = '0' must be a whole number from 1 to",
        "truncate: error    | truncate: middle     | truncate = 'middle' must be one of error, end, start",
        "token_ids: own     | token_ids: gpt2      | token_ids = 'gpt2' must be one of cl100k_base, own, reject",
        "name: first        | name: a b            | name = 'a b' must be letters",
        "name: first        | nam: first           | model 1: name is missing",
        "[one, org/one]     | [one, one]           | aliases = 'one' is a name of model 'first' already",
        "[one, org/one]     | [first]              | aliases = 'first' is a name of model 'first' already",
        "[one, org/one]     | [a b]                | aliases = 'a b' must be names",
        "[one, org/one]     | one                  | aliases must be a list",
        "{query: \"Q: \"}   | {question: x}        | model 'first': prefixes: has no key 'question'; there are passage, query",
        "{query: \"Q: \"}   | text                 | prefixes must be keys and values",
        "source:            | sources:             | source or backends is missing",
        "classpath:all-minilm-l6-v2.onnx | file:/etc/passwd | source: onnx = 'file:/etc/passwd' must be classpath:",
        "classpath:all-minilm-l6-v2.onnx | classpath:../x   | source: onnx = 'classpath:../x' must be classpath:",
        "classpath:all-minilm-l6-v2.onnx | classpath:/x     | source: onnx = 'classpath:/x' must be classpath:",
        "classpath:all-minilm-l6-v2.onnx | classpath:none.onnx | source: onnx = 'classpath:none.onnx' is not on the class path",
        "pooling: mean      | kind: rerank         | kind = 'rerank' must be one of embedding",
        "source:            | backends:            | backends must be a list",
        "pooling: mean      | backends: [a]        | source and backends exclude each other",
        "pooling: mean      | backends: []         | backends must hold at least one item",
        "pooling: mean      | backends:            | backends must hold at least one item",
        "pooling: mean      | backends: [gpu: {}]  | each item must have one key, of onnx",
        "pooling: mean      | backends: [onnx: {onnx: x}] | backends: onnx: tokenizer is missing",
        "models:            | model:               | line 1: models is missing",
      })
  void aMistakeIsToldWithItsModelAndKey(String from, String to, String message) {
    assertThat(GOOD).contains(from);

    assertThat(problems(GOOD.replace(from, to)))
        .anySatisfy(problem -> assertThat(problem).contains(message));
  }

  @Test
  void aNameMayBelongToOneModelOnly() {
    String second = GOOD.substring(GOOD.indexOf("  - name"));

    assertThat(problems(GOOD + second.replace("[one, org/one]", "[]")))
        .singleElement()
        .asString()
        .contains("line 13: model 'first': name = 'first' is a name of model 'first' already");
    assertThat(problems(GOOD + second.replace("name: first", "name: one")))
        .hasSize(3)
        .allSatisfy(problem -> assertThat(problem).contains("model 'one'"));
  }

  @Test
  void everyMistakeIsToldAtOnce() {
    assertThat(problems("models:\n  - name: x\n  - 5\n"))
        .hasSize(7)
        .last()
        .asString()
        .contains("line 3: model 2 must be keys and values");
  }

  @Test
  void aCatalogueHoldsAtLeastOneModel() {
    assertThat(problems("models: []\n")).singleElement().asString().contains("at least one model");
    assertThat(problems("models:\n")).singleElement().asString().contains("at least one model");
  }

  private ModelCatalogue load(String text) throws IOException {
    return ModelCatalogue.load(
        Backends.BUILT_IN.forms(), Files.write(dir.resolve("models.yaml"), text.getBytes(UTF_8)));
  }

  private List<String> problems(String text) {
    BadSettings refusal = catchThrowableOfType(BadSettings.class, () -> load(text));
    assertThat(refusal).as("a refusal").isNotNull();
    return refusal.problems();
  }
}
