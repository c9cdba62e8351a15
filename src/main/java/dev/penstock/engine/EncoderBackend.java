package dev.penstock.engine;

import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.nio.file.Path;

/** A backend whose models run in this process and make vectors of token ids, in batches. */
public interface EncoderBackend extends Backend {

  /** Its version: what was measured with another says nothing of this one. */
  String version();

  /**
   * The device for {@code auto}, {@code cpu} or {@code cuda:N}; the CPU, and a log line that says
   * why, where what was asked for cannot be used. May take seconds where a driver is half
   * installed.
   *
   * @throws IllegalArgumentException when {@code asked} is none of the three
   */
  Device device(String asked);

  /**
   * Opens a model and tries it out, without batches. Blocks in native code, for a second at most
   * once the file is unpacked: for platform threads.
   *
   * @param data the data folder
   */
  LoadedModel load(ModelSpec spec, ModelSource source, Device device, Path data)
      throws IOException, CannotOpenModel;

  @Override
  default ModelEngine open(ModelSpec spec, ModelSource source, EngineParts parts)
      throws IOException, CannotOpenModel {
    return EmbeddingEngine.open(this, spec, source, parts);
  }
}
