package dev.penstock.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import dev.penstock.engine.Backend;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.Device;
import dev.penstock.engine.LoadedModel;
import dev.penstock.engine.ResourceFile;
import dev.penstock.engine.Tokenizer;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.ModelFiles;
import dev.penstock.models.ModelSpec.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** ONNX Runtime, in this process. */
public final class OnnxBackend implements Backend {
  /** These may have to do with the machine: memory, the GPU. */
  private static final Set<OrtErrorCode> MAY_PASS =
      Set.of(
          OrtErrorCode.ORT_FAIL,
          OrtErrorCode.ORT_RUNTIME_EXCEPTION,
          OrtErrorCode.ORT_ENGINE_ERROR,
          OrtErrorCode.ORT_EP_FAIL);

  @Override
  public String version() {
    return OnnxModel.environment().getVersion();
  }

  @Override
  public Device device(String asked) {
    return Device.choose(asked, OnnxBackend::whyNoCuda, OnnxBackend::loadCuda);
  }

  @Override
  public LoadedModel open(ModelSpec spec, Device device, Path data)
      throws IOException, CannotOpenModel {
    Path file =
        switch (spec.files()) {
          case ModelFiles.Resources(String onnx, _) ->
              ResourceFile.unpack(onnx, data.toAbsolutePath().resolve("models"), spec.name());
          case ModelFiles.Folder(Path onnx, _, _, _) -> onnx;
        };
    Tokenizer tokenizer = Tokenizer.open(spec);
    try {
      Integer given = spec.inputs().padToken();
      int padToken = given == null ? tokenizer.padToken() : given;
      OnnxModel model = OnnxModel.open(spec, file, device, padToken);
      tryOut(model, tokenizer);
      return new LoadedModel(spec, file, tokenizer, model);
    } catch (OrtException e) {
      tokenizer.close();
      throw new CannotOpenModel(e, MAY_PASS.contains(e.getCode()));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * What a model of somebody's own really takes and gives shows only in a run: two texts of unlike
   * length.
   */
  private static void tryOut(OnnxModel model, Tokenizer tokenizer) throws OrtException {
    try {
      model.run(
          Stream.of("a", "a longer text")
              .map(text -> tokenizer.encode(text, Truncation.END).ids())
              .toList());
    } catch (OrtException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /**
   * Loading CUDA where there is no GPU fails only after seconds, and the GPU build of ONNX Runtime
   * lists CUDA on any machine: so look for a driver first.
   */
  private static Optional<String> whyNoCuda() {
    if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
      return Optional.of("this build has no CUDA");
    }
    String visible = System.getenv("CUDA_VISIBLE_DEVICES");
    if (visible != null && (visible.isBlank() || visible.strip().startsWith("-1"))) {
      return Optional.of("CUDA_VISIBLE_DEVICES hides every GPU");
    }
    List<Path> signs =
        List.of(
            Path.of("/dev/nvidiactl"),
            Path.of("/dev/nvidia0"),
            Path.of("/dev/dxg"),
            Path.of("/proc/driver/nvidia/version"),
            Path.of(System.getenv().getOrDefault("SystemRoot", "C:\\Windows"), "System32")
                .resolve("nvcuda.dll"));
    return signs.stream().anyMatch(Files::exists)
        ? Optional.empty()
        : Optional.of("no NVIDIA driver found");
  }

  private static void loadCuda(int index) throws OrtException {
    OnnxModel.environment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.addCUDA(index);
    }
  }
}
