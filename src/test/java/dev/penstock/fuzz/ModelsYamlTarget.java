package dev.penstock.fuzz;

import dev.penstock.config.BadSettings;
import dev.penstock.engine.Backends;
import dev.penstock.models.ModelCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What reads models.yaml: it is taken, or refused in words for users. */
final class ModelsYamlTarget implements Target {
  private final Path folder = Scratch.folder();

  ModelsYamlTarget() throws Exception {}

  @Override
  public void read(byte[] input) throws Exception {
    Path file = Files.write(folder.resolve("models.yaml"), input);
    try {
      if (ModelCatalogue.load(Backends.BUILT_IN.forms(), file).all().isEmpty()) {
        throw new AssertionError("taken, and there is no model");
      }
    } catch (BadSettings refused) {
      if (String.valueOf(refused.getMessage()).isBlank()) {
        throw new AssertionError("refused without a word", refused);
      }
    }
  }

  @Override
  public void close() throws IOException {
    Scratch.delete(folder);
  }
}
