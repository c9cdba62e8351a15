package dev.penstock.engine;

import dev.penstock.engine.onnx.OnnxBackend;
import dev.penstock.models.ModelSpec;

/** The backends that there are, and which of them runs a model. */
public final class Backends {
  private static final Backend ONNX = new OnnxBackend();

  private Backends() {}

  /** The one that runs models from files. */
  public static Backend local() {
    return ONNX;
  }

  /** Every model is made of files now. */
  public static Backend of(ModelSpec spec) {
    return switch (spec.files()) {
      case ModelSpec.ModelFiles.Resources _, ModelSpec.ModelFiles.Folder _ -> ONNX;
    };
  }
}
