package dev.penstock.engine;

import dev.penstock.base.OwnerOnly;
import dev.penstock.base.ResourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where native libraries are unpacked and what they may call: nothing outside the data folder, and
 * nobody on the network.
 */
public final class NativeLibraries {
  /** ONNX Runtime's; the last three are there in the CUDA build alone. */
  private static final List<String> LIBRARIES =
      List.of(
          "onnxruntime",
          "onnxruntime4j_jni",
          "onnxruntime_providers_shared",
          "onnxruntime_providers_cuda",
          "onnxruntime_providers_tensorrt");

  /** What says where they are, for a process that shares them. */
  private static final List<String> PLACES =
      List.of(
          "ai.djl.offline",
          "OPT_OUT_TRACKING",
          "DJL_CACHE_DIR",
          "jna.tmpdir",
          "onnxruntime.native.path",
          "RUST_LIBRARY_PATH",
          "RUST_FLAVOR");

  private NativeLibraries() {}

  /**
   * System properties with which a process without this one's environment finds the libraries that
   * {@link #prepare} has unpacked here.
   */
  public static Map<String, String> places() {
    Map<String, String> places = new TreeMap<>();
    for (String key : PLACES) {
      String value = System.getProperty(key, System.getenv(key));
      if (value != null) {
        places.put(key, value);
      }
    }
    return places;
  }

  /**
   * Must run before any class of ONNX Runtime or DJL is loaded: both read these properties once.
   * Properties and environment variables that the user has set win.
   *
   * @param data the data folder
   * @throws UncheckedIOException when the folder cannot be written
   */
  public static void prepare(Path data) {
    Path folder = data.toAbsolutePath().normalize().resolve("native");
    // DJL otherwise asks the cloud's metadata service who runs it, and may download libraries.
    setDefault("ai.djl.offline", "true");
    setDefault("OPT_OUT_TRACKING", "true");
    // Otherwise the home folder.
    setDefault("DJL_CACHE_DIR", folder.resolve("djl").toString());
    // DJL looks for CUDA through JNA, which would unpack into the home folder's cache.
    Path jna = folder.resolve("jna");
    setDefault("jna.tmpdir", jna.toString());
    try {
      // JNA would make it for everybody to read.
      Files.createDirectories(jna, OwnerOnly.folder(jna));
      if (System.getProperty("onnxruntime.native.path") == null) {
        unpackOnnxRuntime(folder);
      }
      unpackTokenizers(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot unpack native libraries below " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * DJL would unpack its library once and use whatever is there from then on, be it half of it.
   * What it needs on Windows is several files, which stay its own business.
   */
  private static void unpackTokenizers(Path folder) throws IOException {
    String resources = "native/lib/" + platform().replace("x64", "x86_64") + "/cpu/";
    String file = System.mapLibraryName("tokenizers");
    boolean chosen = isSet("RUST_LIBRARY_PATH") || isSet("RUST_FLAVOR");
    if (!chosen && exists(resources, "tokenizers") && !platform().startsWith("win")) {
      Path unpacked = ResourceFile.unpackAs(resources + file, folder.resolve("tokenizers"), file);
      setDefault("RUST_LIBRARY_PATH", unpacked.toString());
    }
  }

  /**
   * ONNX Runtime would unpack its libraries into a new temporary folder at every start, and leave
   * them there when the process is killed. Those of the CUDA build find each other by their common
   * folder.
   */
  private static void unpackOnnxRuntime(Path folder) throws IOException {
    String resources = "ai/onnxruntime/native/" + platform() + "/";
    List<String> libraries = LIBRARIES.stream().filter(each -> exists(resources, each)).toList();
    if (libraries.isEmpty()) {
      return;
    }
    Path all = folder.resolve("onnxruntime");
    for (String library : libraries) {
      String file = System.mapLibraryName(library);
      ResourceFile.unpackAs(resources + file, all, file);
    }
    setDefault("onnxruntime.native.path", all.toString());
  }

  private static boolean exists(String folder, String library) {
    return NativeLibraries.class
            .getClassLoader()
            .getResource(folder + System.mapLibraryName(library))
        != null;
  }

  private static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String system = os.contains("mac") ? "osx" : os.contains("win") ? "win" : "linux";
    return system + "-" + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }

  private static void setDefault(String key, String value) {
    if (!isSet(key)) {
      System.setProperty(key, value);
    }
  }

  private static boolean isSet(String key) {
    return System.getProperty(key) != null || System.getenv(key) != null;
  }
}
