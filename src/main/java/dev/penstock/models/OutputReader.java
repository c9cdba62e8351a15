package dev.penstock.models;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import dev.penstock.models.EmbeddingTraits.Output;
import dev.penstock.models.EmbeddingTraits.Pooling;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides which output of a model in a directory is a text's vector, and how token vectors become
 * one. Where nothing says so the model is refused: what is guessed wrong looks like a vector too.
 */
final class OutputReader {
  /** A vector for each text. */
  private static final String SENTENCE = "sentence_embedding";

  /** Other names for one. Never pooler_output, whose layer was mostly trained for other things. */
  private static final List<String> SENTENCES =
      List.of(SENTENCE, "sentence_embeddings", "text_embeds", "text_embedding", "embeddings");

  /** A vector for each token. */
  private static final List<String> TOKENS = List.of("last_hidden_state", "token_embeddings");

  /**
   * Types of which all models that make vectors pool alike, and have no layer behind it: the gte
   * family's. BERT's, RoBERTa's and most others' are of either sort.
   */
  private static final Map<String, Pooling> BY_TYPE = Map.of("new", Pooling.CLS);

  private static final int TEXT_AXES = 2;
  private static final int TOKEN_AXES = 3;

  private final OnnxFile model;
  private final FolderChoices choices;
  private final JsonNode config;
  private final PoolingFile file;

  /**
   * @param config config.json
   * @param file what the directory says of pooling
   */
  OutputReader(OnnxFile model, FolderChoices choices, JsonNode config, PoolingFile file) {
    this.model = model;
    this.choices = choices;
    this.config = config;
    this.file = file;
  }

  /**
   * What modules.json and 1_Pooling/config.json say, which a file with a vector for each text has
   * inside already.
   *
   * @param pooling null: nothing
   * @param withPrompt whether a prefix counts
   * @param problem why token vectors cannot be pooled so here; null: they can
   */
  record PoolingFile(@Nullable Pooling pooling, boolean withPrompt, @Nullable String problem) {
    static final PoolingFile NONE = new PoolingFile(null, true, null);
  }

  /**
   * What was decided.
   *
   * @param width numbers in a vector, as the model says; -1: it does not say
   */
  record Decided(Output output, Pooling pooling, long width) {}

  /**
   * @param prompted whether texts get prefixes
   */
  Decided decide(boolean prompted) throws BrokenModel {
    boolean normalise = choices.normalise() == null || choices.normalise();
    boolean withPrompt = file.withPrompt() || !prompted;
    Optional<Pooling> known = known();
    OnnxFile.Value read = output(known.isPresent() && !withPrompt);
    if (!pooled(read)) {
      Output output = new Output(read.name(), null, withPrompt, normalise);
      return new Decided(output, known.orElseThrow(this::unknown), read.width());
    }
    if (choices.pooling() != null) {
      throw new BrokenModel(
          "model.yaml: pooling is for token vectors, and " + read.name() + " has one for a text");
    }
    if (!withPrompt) {
      throw new BrokenModel(
          "its pooling leaves prompts out (include_prompt), and %s does not: write 'prompts: {}'"
                  .formatted(read.name())
              + " into model.yaml to do without");
    }
    String tokens = known.isPresent() ? tokens().map(OnnxFile.Value::name).orElse(null) : null;
    return new Decided(
        new Output(read.name(), tokens, true, normalise), known.orElse(Pooling.MEAN), read.width());
  }

  private BrokenModel unknown() {
    return new BrokenModel(
        file.problem() == null
            ? "nothing says how its token vectors become one: as its model card says, write"
                + " 'pooling: mean' (or cls, or max) into model.yaml"
            : file.problem());
  }

  /** How token vectors are pooled; empty where nothing says, or says what is not done here. */
  private Optional<Pooling> known() {
    if (choices.pooling() != null || file.problem() != null) {
      return Optional.ofNullable(choices.pooling());
    }
    return Optional.ofNullable(file.pooling())
        .or(() -> Optional.ofNullable(BY_TYPE.get(config.path("model_type").asText())));
  }

  /**
   * @param ofTokens the file's own vector would count what is not to count
   */
  private OnnxFile.Value output(boolean ofTokens) throws BrokenModel {
    String chosen = choices.output();
    if (chosen != null) {
      return named(chosen)
          .orElseThrow(() ->
              new BrokenModel(
                  "model.yaml: output = %s is none of its outputs; there are %s"
                      .formatted(Visible.quoted(chosen), names(model.outputs()))));
    }
    Optional<OnnxFile.Value> tokens = tokens();
    if (tokens.isPresent() && (ofTokens || choices.pooling() != null)) {
      return tokens.get();
    }
    Optional<OnnxFile.Value> own = named(SENTENCE).or(() -> tokens).or(this::otherSentence);
    return own.orElseThrow(() ->
        new BrokenModel(
            "nothing says which of its outputs is a text's vector: write 'output: %s' into"
                    .formatted(model.outputs().isEmpty() ? "x" : model.outputs().getFirst().name())
                + " model.yaml, if that is it; there are "
                + names(model.outputs())));
  }

  private Optional<OnnxFile.Value> otherSentence() {
    return SENTENCES.stream()
        .flatMap(name -> named(name).stream())
        .filter(output -> output.axes() < 0 || output.axes() == TEXT_AXES)
        .findFirst();
  }

  /** The output with a vector for each token; empty where there is none, or several unknown. */
  private Optional<OnnxFile.Value> tokens() {
    List<OnnxFile.Value> known = new ArrayList<>();
    TOKENS.forEach(name ->
        named(name)
            .filter(output -> output.axes() < 0 || output.axes() == TOKEN_AXES)
            .ifPresent(known::add));
    if (!known.isEmpty()) {
      return Optional.of(known.getFirst());
    }
    List<OnnxFile.Value> like =
        model.outputs().stream().filter(output -> output.axes() == TOKEN_AXES).toList();
    return like.size() == 1 ? Optional.of(like.getFirst()) : Optional.empty();
  }

  private Optional<OnnxFile.Value> named(String name) {
    return model.outputs().stream().filter(output -> output.name().equals(name)).findFirst();
  }

  private static boolean pooled(OnnxFile.Value output) {
    return output.axes() < 0 ? SENTENCES.contains(output.name()) : output.axes() == TEXT_AXES;
  }

  private static String names(List<OnnxFile.Value> outputs) {
    return outputs.isEmpty()
        ? "none"
        : outputs.stream()
            .map(output -> Visible.quoted(output.name()))
            .collect(Collectors.joining(", "));
  }
}
