package dev.penstock.subprocess;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a child is started: by the JDK that this process runs on, from the same jar or class path,
 * with limits, and with nothing of this process's environment but what says how text is encoded.
 */
final class ChildCommandLine {
  /** Without these the names of files are ASCII. */
  private static final List<String> VARIABLES = List.of("LANG", "LC_ALL", "LC_CTYPE");

  private static final int METASPACE_MIB = 96;

  private final String mainClass;

  /**
   * @param mainClass takes the arguments {@code child}, the program's name and this process's id
   */
  ChildCommandLine(String mainClass) {
    this.mainClass = mainClass;
  }

  ProcessBuilder builder(String name, ChildLimits limits) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags(limits));
    command.addAll(classes(System.getProperty("java.class.path")));
    command.addAll(List.of("child", name, Long.toString(ProcessHandle.current().pid())));
    var builder = new ProcessBuilder(command);
    builder.environment().keySet().retainAll(VARIABLES);
    return builder;
  }

  private static List<String> flags(ChildLimits limits) {
    return List.of(
        "-Xmx" + limits.heapMib() + "m",
        "-Xss512k",
        "-XX:MaxDirectMemorySize=" + limits.directMib() + "m",
        "-XX:MaxMetaspaceSize=" + METASPACE_MIB + "m",
        "-XX:+ExitOnOutOfMemoryError",
        // For a short life: small, and quick to start.
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        // No files that stay when it is killed, nor those of a crash, which hold our users' input.
        "-XX:-UsePerfData",
        "-XX:-CreateCoredumpOnCrash",
        "-XX:+ErrorFileToStderr",
        // Standard output is for answers.
        "-XX:+DisplayVMOutputToStderr",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
  }

  private List<String> classes(String path) {
    // As whoever started this process: what the manifest opens is open in the child, too.
    return isProgram(path)
        ? List.of("-jar", absolute(path))
        : List.of(
            "-cp",
            Stream.of(path.split(File.pathSeparator))
                .map(ChildCommandLine::absolute)
                .collect(Collectors.joining(File.pathSeparator)),
            mainClass);
  }

  private boolean isProgram(String path) {
    if (path.contains(File.pathSeparator) || !path.endsWith(".jar")) {
      return false;
    }
    try (var jar = new JarFile(path)) {
      return jar.getManifest() != null
          && mainClass.equals(jar.getManifest().getMainAttributes().getValue("Main-Class"));
    } catch (IOException e) {
      return false; // java says why, when it starts
    }
  }

  private static String absolute(String path) {
    return path.isEmpty() ? path : Path.of(path).toAbsolutePath().toString();
  }
}
