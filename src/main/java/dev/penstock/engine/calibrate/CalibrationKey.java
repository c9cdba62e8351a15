package dev.penstock.engine.calibrate;

import dev.penstock.engine.Backends;
import dev.penstock.engine.LoadedModel;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.ModelFiles;

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
        Backends.of(loaded.spec()).version());
  }

  /** Not the spec as a string: its prefixes come in another order in each process. */
  private static String files(LoadedModel loaded) {
    ModelSpec spec = loaded.spec();
    String revision =
        switch (spec.files()) {
          case ModelFiles.Resources(_, _) -> loaded.file().getFileName().toString();
          case ModelFiles.Folder(_, _, long bytes, String changed) -> bytes + " " + changed;
        };
    return revision + ' ' + spec.pooling() + ' ' + spec.maxTokens() + ' ' + spec.dimensions();
  }
}
