package dev.penstock.engine;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.ModelFiles;
import java.nio.file.Path;
import java.util.Set;

/** Why a model of {@code models.dir} could not be opened. */
public final class OpenFailure {
  /** These may have to do with the machine: memory, the GPU. */
  private static final Set<OrtErrorCode> MAY_PASS =
      Set.of(
          OrtErrorCode.ORT_FAIL,
          OrtErrorCode.ORT_RUNTIME_EXCEPTION,
          OrtErrorCode.ORT_ENGINE_ERROR,
          OrtErrorCode.ORT_EP_FAIL);

  private OpenFailure() {}

  /** True when the files are at fault: trying again would not help. */
  static boolean isTheFiles(ModelSpec spec, Throwable cause) {
    if (!(spec.files() instanceof ModelFiles.Folder)) {
      return false;
    }
    return cause instanceof OrtException e
        ? !MAY_PASS.contains(e.getCode())
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
