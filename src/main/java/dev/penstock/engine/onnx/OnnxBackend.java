package dev.penstock.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import dev.penstock.base.ResourceFile;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.Device;
import dev.penstock.engine.EncoderBackend;
import dev.penstock.engine.LoadedModel;
import dev.penstock.engine.Tokenizer;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.FieldReader;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** ONNX Runtime, in this process. */
public final class OnnxBackend implements EncoderBackend {
  /** Beside the weights: buffers, the session, the tokenizer (docs/models.md has figures). */
  private static final long OVERHEAD = 96L << 20;

  /** The same for runs as they are on a CPU, of 512 tokens: measured in a container of 512 MB. */
  private static final long USUAL_OVERHEAD = 32L << 20;

  /**
   * Words of trouble that has to do with the machine. ONNX Runtime's codes do not tell: it has one
   * for a model that is too new and for memory that is short.
   */
  private static final List<String> MAY_PASS =
      List.of(
          "alloc",
          "out of memory",
          "not enough memory",
          "too many open files",
          "temporarily unavailable",
          "input/output error",
          "no space left",
          "timed out");

  @Override
  public String name() {
    return ModelFiles.ONNX;
  }

  @Override
  public Set<String> kinds() {
    return Set.of(EmbeddingTraits.KIND);
  }

  @Override
  public ModelFiles read(FieldReader fields) {
    return ModelFiles.Resources.read(fields);
  }

  @Override
  public long memory(ModelSource source) {
    return OVERHEAD + size(source);
  }

  @Override
  public long usualMemory(ModelSource source) {
    return USUAL_OVERHEAD + size(source);
  }

  private static long size(ModelSource source) {
    return switch ((ModelFiles) source) {
      case ModelFiles.Resources(String onnx, _) -> size(onnx);
      case ModelFiles.Folder(_, _, long bytes, _) -> bytes;
    };
  }

  private static long size(String resource) {
    try {
      return ResourceFile.size(resource);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String version() {
    return OnnxModel.environment().getVersion();
  }

  @Override
  public Device device(String asked) {
    return Device.choose(asked, OnnxBackend::whyNoCuda, OnnxBackend::loadCuda);
  }

  @Override
  public LoadedModel load(ModelSpec spec, ModelSource source, Device device, Path data)
      throws IOException, CannotOpenModel {
    ModelFiles files = (ModelFiles) source;
    EmbeddingTraits traits = EmbeddingTraits.of(spec);
    Path file =
        switch (files) {
          case ModelFiles.Resources(String onnx, _) ->
              ResourceFile.unpack(onnx, data.toAbsolutePath().resolve("models"), spec.name());
          case ModelFiles.Folder(Path onnx, _, _, _) -> onnx;
        };
    Tokenizer tokenizer = Tokenizer.open(files, traits.maxTokens());
    try {
      Integer given = traits.inputs().padToken();
      int padToken = given == null ? tokenizer.padToken() : given;
      OnnxModel model =
          OnnxModel.open(spec.name(), traits, file, device, padToken, leftOut(traits, tokenizer));
      try {
        if (files instanceof ModelFiles.Folder) {
          new OpeningCheck(model, spec.name(), traits, tokenizer).run(padToken);
        } else {
          model.run(beginnings(tokenizer));
        }
      } catch (OrtException | RuntimeException e) {
        model.close();
        throw e;
      }
      return new LoadedModel(spec, source, version(), file, tokenizer, model);
    } catch (OrtException e) {
      tokenizer.close();
      throw new CannotOpenModel(e, mayPass(e));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** A GPU that does not take a model has been left for the CPU by now. */
  private static boolean mayPass(OrtException e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return MAY_PASS.stream().anyMatch(message::contains);
  }

  /** Two texts of unlike length. */
  private static List<int[]> beginnings(Tokenizer tokenizer) {
    return Stream.of("a", "a longer text")
        .map(text -> tokenizer.encode(text, Truncation.END).ids())
        .toList();
  }

  private static List<int[]> leftOut(EmbeddingTraits traits, Tokenizer tokenizer) {
    return traits.output().withPrompt()
        ? List.of()
        : traits.prefixes().values().stream()
            .filter(prefix -> !prefix.isEmpty())
            .map(tokenizer::beginning)
            .toList();
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
