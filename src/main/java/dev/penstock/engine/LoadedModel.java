package dev.penstock.engine;

import dev.penstock.models.ModelSpec;
import java.nio.file.Path;

/**
 * A model and its tokenizer, opened and tried out.
 *
 * @param file the model's file; one from inside the program has its checksum in its name
 */
public record LoadedModel(ModelSpec spec, Path file, Tokenizer tokenizer, Encoder model)
    implements AutoCloseable {

  /** No run may be under way. */
  @Override
  public void close() {
    model.close();
    tokenizer.close();
  }
}
