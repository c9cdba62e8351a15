package dev.penstock.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Where native libraries are unpacked and what they may call: nothing outside the data folder, and
 * nobody on the network.
 */
public final class NativeLibraries {
  private NativeLibraries() {}

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
    setDefault("jna.tmpdir", folder.resolve("jna").toString());
    if (System.getProperty("onnxruntime.native.path") == null) {
      unpackOnnxRuntime(folder);
    }
  }

  /**
   * ONNX Runtime would unpack its libraries into a new temporary folder at every start, and leave
   * them there when the process is killed. The CUDA build still does: its libraries find each other
   * by their common folder, so all of them stay where ONNX Runtime puts them.
   */
  private static void unpackOnnxRuntime(Path folder) {
    String resources = "ai/onnxruntime/native/" + platform() + "/";
    List<String> libraries = List.of("onnxruntime", "onnxruntime4j_jni");
    if (!libraries.stream().allMatch(library -> exists(resources, library))
        || exists(resources, "onnxruntime_providers_cuda")) {
      return;
    }
    try {
      for (String library : libraries) {
        String file = System.mapLibraryName(library);
        Path unpacked =
            ResourceFile.unpackAs(resources + file, folder.resolve("onnxruntime"), file);
        setDefault("onnxruntime.native." + library + ".path", unpacked.toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot unpack native libraries below " + folder + ": " + e.getMessage(), e);
    }
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
    if (System.getProperty(key) == null && System.getenv(key) == null) {
      System.setProperty(key, value);
    }
  }
}
