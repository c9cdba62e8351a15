package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the benchmark finds the program and keeps its files: the build's folder, all of it. */
public final class Surroundings {
  private static final Path BUILD = Path.of("target").toAbsolutePath();

  /** What the tests call it too. */
  private static final String PROPERTY = "penstock.jar";

  private Surroundings() {}

  /** Must run before any class of ONNX Runtime or DJL is loaded: they read properties once. */
  static void prepare() {
    // Absolute, because the program is started in a folder of its own.
    System.setProperty(PROPERTY, jar().toString());
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("DJL_CACHE_DIR", BUILD.resolve("djl").toString());
    // Whoever stops the benchmark must not be left with a server that it started, or that one.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() ->
                ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly)));
  }

  private static Path jar() {
    String standard = BUILD.resolve("penstock.jar").toString();
    return Path.of(System.getProperty(PROPERTY, standard)).toAbsolutePath();
  }

  /** Whether the program has been built; says so where it has not. */
  static boolean jarThere() {
    boolean there = Files.isRegularFile(jar());
    if (!there) {
      System.err.println("there is no " + jar() + ": build it first, with mvn package");
    }
    return there;
  }

  /** Where {@code make bench-peers} puts what Penstock is measured beside. */
  public static Path peers() {
    return BUILD.resolve("peers");
  }

  /** A new folder on the disk the project is on: a folder for temporary files may be in memory. */
  static Path scratch() throws IOException {
    Files.createDirectories(BUILD);
    return Files.createTempDirectory(BUILD, "bench");
  }
}
