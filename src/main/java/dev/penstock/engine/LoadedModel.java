package dev.penstock.engine;

import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.nio.file.Path;

/**
 * A model and its tokenizer, opened and tried out.
 *
 * @param source the one it was opened from
 * @param backend the version of what runs it
 * @param file the model's file; one from inside the program has its checksum in its name
 */
public record LoadedModel(
    ModelSpec spec,
    ModelSource source,
    String backend,
    Path file,
    Tokenizer tokenizer,
    Encoder model)
    implements AutoCloseable {

  EmbeddingTraits traits() {
    return EmbeddingTraits.of(spec);
  }

  /** No run may be under way. */
  @Override
  public void close() {
    model.close();
    tokenizer.close();
  }
}
