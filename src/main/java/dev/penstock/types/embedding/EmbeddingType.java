package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.json.Fields;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.TaskType;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The task type embedding: texts to vectors. */
public final class EmbeddingType implements TaskType {
  public static final String NAME = "embedding";

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
    var cache = new VectorCache(parts.settings().group(EmbeddingSettings.class).cache());
    cache.count(parts.meters());
    return new EmbeddingHandler(parts.engines(), parts.tokenizers(), cache);
  }
}
