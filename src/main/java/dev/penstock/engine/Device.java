package dev.penstock.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import dev.penstock.engine.onnx.OnnxModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What models run on. */
public sealed interface Device {

  /** As settings write it. */
  String name();

  record Cpu() implements Device {
    @Override
    public String name() {
      return "cpu";
    }
  }

  /** An NVIDIA GPU, by the index CUDA gives it. */
  record Cuda(int index) implements Device {
    @Override
    public String name() {
      return "cuda:" + index;
    }
  }

  /**
   * The device for {@code auto}, {@code cpu} or {@code cuda:N}: the CPU when CUDA cannot be loaded,
   * and one log line that says why. May take seconds where a driver is half installed.
   *
   * @throws IllegalArgumentException when {@code asked} is none of the three
   */
  static Device choose(String asked) {
    return choose(asked, Device::whyNoCuda, Device::loadCuda);
  }

  static Device choose(String asked, CudaAbsence absence, CudaLoader loader) {
    Logger log = LoggerFactory.getLogger(Device.class);
    if (asked.equals("cpu")) {
      log.info("models run on cpu, as asked");
      return new Cpu();
    }
    boolean auto = asked.equals("auto");
    Cuda cuda = new Cuda(auto ? 0 : index(asked));
    Optional<String> absent = auto ? absence.reason() : Optional.empty();
    if (absent.isPresent()) {
      log.info("models run on cpu: {}", absent.get());
      return new Cpu();
    }
    try {
      loader.load(cuda.index());
      log.info("models run on {}", cuda.name());
      return cuda;
    } catch (OrtException e) {
      log.warn("models run on cpu: {} cannot be used: {}", cuda.name(), firstLine(e));
      return new Cpu();
    }
  }

  /** A native error without the stack that some of them carry. */
  static String firstLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }

  private static int index(String asked) {
    Matcher matcher = Pattern.compile("cuda:([0-9]{1,3})").matcher(asked);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "inference.device must be auto, cpu or cuda:N, not '" + asked + "'");
    }
    return Integer.parseInt(matcher.group(1));
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

  /** Why there can be no CUDA here; empty where it is worth a try. */
  interface CudaAbsence {
    Optional<String> reason();
  }

  /** Loads CUDA, or throws. */
  interface CudaLoader {
    void load(int index) throws OrtException;
  }
}
