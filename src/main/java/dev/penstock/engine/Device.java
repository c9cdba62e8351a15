package dev.penstock.engine;

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
   * The device for {@code auto}, {@code cpu} or {@code cuda:N}, as {@link EncoderBackend#device}
   * says.
   *
   * @throws IllegalArgumentException when {@code asked} is none of the three
   */
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
    } catch (Exception e) {
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

  /** Why there can be no CUDA here; empty where it is worth a try. */
  interface CudaAbsence {
    Optional<String> reason();
  }

  /** Loads CUDA, or throws. */
  interface CudaLoader {
    void load(int index) throws Exception;
  }
}
