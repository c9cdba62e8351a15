package dev.penstock.engine.calibrate;

import dev.penstock.engine.LoadedModel;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelFiles;

/**
 * What figures were measured for; they say nothing about anything else.
 *
 * @param files changes with the model's files and how they are read
 * @param device cpu or cuda:N
 * @param processors those the process may use
 * @param onnxruntime its version
 */
public record CalibrationKey(
    String model, String files, String device, int processors, String onnxruntime) {

  public static CalibrationKey of(LoadedModel loaded) {
    return new CalibrationKey(
        loaded.spec().name(),
        files(loaded),
        loaded.model().device().name(),
        Runtime.getRuntime().availableProcessors(),
        loaded.backend());
  }

  /** Not the spec as a string: its prefixes come in another order in each process. */
  private static String files(LoadedModel loaded) {
    String revision =
        loaded.source() instanceof ModelFiles.Folder(_, _, long bytes, String changed)
            ? bytes + " " + changed
            : loaded.file().getFileName().toString();
    EmbeddingTraits model = EmbeddingTraits.of(loaded.spec());
    return revision + ' ' + model.pooling() + ' ' + model.maxTokens() + ' ' + model.dimensions();
  }
}
