package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.OnceAMinute;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.json.Fields;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.TaskType;
import dev.penstock.types.embedding.EmbeddingSettings.Untrained;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The task type embedding: texts to vectors. */
public final class EmbeddingType implements TaskType {
  public static final String NAME = "embedding";

  /** What a client is told of vectors that are cut to fewer dimensions than their model's. */
  private static final String UNTRAINED =
      "dimensions: the model was not trained to be cut to fewer, so its vectors may tell less apart";

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingType.class);

  private final OnceAMinute untrained = new OnceAMinute();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String modelKind() {
    return EmbeddingTraits.KIND;
  }

  @Override
  public Class<?> settings() {
    return EmbeddingSettings.class;
  }

  @Override
  public String defaultModel(Loaded settings) {
    return settings.group(EmbeddingSettings.class).model();
  }

  @Override
  public boolean emits() {
    return false;
  }

  @Override
  public boolean takesText() {
    return true;
  }

  @Override
  public String inputSchema() {
    return EmbeddingSchemas.INPUT;
  }

  @Override
  public String outputSchema() {
    return EmbeddingSchemas.OUTPUT;
  }

  @Override
  public Form accept(JsonNode input, String name, @Nullable ModelSpec model) {
    return EmbeddingInput.of(input, name, EmbeddingTraits.of(Objects.requireNonNull(model))).form();
  }

  @Override
  public Map<String, String> warnings(
      Form form, String name, @Nullable ModelSpec model, Loaded settings) {
    Integer dimensions = form instanceof EmbeddingForm asked ? asked.dimensions() : null;
    if (dimensions == null || model == null) {
      return Map.of();
    }
    EmbeddingTraits traits = EmbeddingTraits.of(model);
    if (dimensions >= traits.dimensions() || traits.matryoshka()) {
      return Map.of();
    }
    if (settings.group(EmbeddingSettings.class).untrainedDimensions() == Untrained.REFUSE) {
      throw Fields.problem(
          name.isEmpty() ? "dimensions" : name + ".dimensions",
          "must be %d or left out: the model was not trained to be cut to fewer"
              .formatted(traits.dimensions()));
    }
    long since = untrained.happened(1);
    if (since > 0) {
      LOG.warn(
          "{} requests for fewer dimensions than a model was trained for, this one for {} of {};"
              + " embedding.untrained-dimensions: refuse turns them away",
          since,
          dimensions,
          model.name());
    }
    return Map.of("x-warning", UNTRAINED);
  }

  @Override
  public Form form(byte[] input) {
    return EmbeddingForm.of(input);
  }

  @Override
  public void write(JsonGenerator json, TaskOutput output) throws IOException {
    EmbeddingWire.write(json, EmbeddingOutput.of(output));
  }

  @Override
  public TaskOutput read(Fields request, byte[] result, Task task, @Nullable ModelSpec model) {
    return EmbeddingWire.read(
        request, result, task.spec().input(), model == null ? null : EmbeddingTraits.of(model));
  }

  @Override
  public Excerpt excerpt(TaskOutput output) {
    return EmbeddingExcerpt.of(EmbeddingOutput.of(output));
  }

  @Override
  public TaskHandler handler(HandlerParts parts) {
    EmbeddingSettings settings = parts.settings().group(EmbeddingSettings.class);
    var cache = new VectorCache(settings.cache());
    cache.count(parts.meters());
    return new EmbeddingHandler(
        parts.engines(),
        parts.tokenizers(),
        cache,
        settings.truncate(),
        new CutTexts(parts.meters()));
  }
}
