package dev.penstock.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.ModelFiles;
import java.nio.file.Path;

/** Why a model of {@code models.dir} could not be opened. */
public final class OpenFailure {
  private OpenFailure() {}

  /** True when the files are at fault: trying again would not help. */
  static boolean isTheFiles(ModelSpec spec, Throwable cause) {
    if (!(spec.files() instanceof ModelFiles.Folder)) {
      return false;
    }
    return cause instanceof CannotOpenModel e
        ? !e.mayPass()
        : cause instanceof RuntimeException || cause instanceof JsonProcessingException;
  }

  /** One line without this machine's paths. */
  public static String describe(ModelSpec spec, Throwable cause) {
    String line = new ModelFailure(spec.name(), cause).reason();
    if (spec.files() instanceof ModelFiles.Folder(Path onnx, _, _, _)) {
      Path folder = onnx.toAbsolutePath().getParent();
      line = line.replace(folder + "/", "").replace(onnx.getParent() + "/", "");
    }
    String start = "model " + spec.name() + ": ";
    return line.startsWith(start) ? line.substring(start.length()) : line;
  }
}
