package dev.penstock.testing;

import dev.penstock.config.SettingKey;
import dev.penstock.start.SettingGroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A command of the packaged program as it ran in its own process: exit code and output.
 *
 * @param loaded the classes it loaded; empty unless it was watched
 */
public record CommandProcess(int code, String out, String err, List<String> loaded) {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /** Runs it to its end, with input that ends. */
  public static CommandProcess run(
      Path folder, Map<String, String> environment, String input, String... arguments)
      throws IOException, InterruptedException {
    Path run = Files.createTempDirectory(folder, "command");
    List<String> command = PenstockProcess.java(run);
    command.addAll(List.of(arguments));
    return run(run, environment, input, command);
  }

  /** As the other, and says which classes it loaded, which takes longer. */
  public static CommandProcess watched(
      Path folder, Map<String, String> environment, String input, String... arguments)
      throws IOException, InterruptedException {
    Path run = Files.createTempDirectory(folder, "command");
    Path classes = run.resolve("classes");
    // With a cache all of its classes count as loaded.
    List<String> command = PenstockProcess.java(run, PenstockProcess.withoutCache());
    command.add(1, "-Xlog:class+load:file=" + classes);
    command.addAll(List.of(arguments));
    CommandProcess ended = run(run, environment, input, command);
    List<String> loaded =
        Files.readString(classes)
            .lines()
            .map(line -> line.replaceFirst("^(\\[[^]]*])+ *", "").replaceFirst(" .*", ""))
            .toList();
    return new CommandProcess(ended.code(), ended.out(), ended.err(), loaded);
  }

  /** Runs it through a launcher, in a folder whose file {@code in} is the input. */
  public static CommandProcess launched(
      Path folder,
      Map<String, String> environment,
      String input,
      Path launcher,
      String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(launcher.toAbsolutePath().toString());
    command.addAll(List.of(arguments));
    return run(Files.createTempDirectory(folder, "launched"), environment, input, command);
  }

  private static CommandProcess run(
      Path run, Map<String, String> environment, String input, List<String> command)
      throws IOException, InterruptedException {
    Path in = Files.writeString(run.resolve("in"), input);
    Path out = run.resolve("out");
    Path err = run.resolve("err");
    var builder =
        new ProcessBuilder(command)
            .directory(run.toFile())
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Map<String, String> variables = builder.environment();
    SettingGroups.keys().stream().map(SettingKey::variable).forEach(variables::remove);
    variables.keySet().removeIf(name -> name.matches("(JAVA|JDK|PENSTOCK)_.*|SERVER_PORT"));
    variables.putAll(environment);
    Process process = builder.start();
    try {
      if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("it still runs: " + command);
      }
    } finally {
      process.destroyForcibly();
    }
    return new CommandProcess(
        process.exitValue(), Files.readString(out), Files.readString(err), List.of());
  }

  public List<String> lines() {
    return out.lines().toList();
  }
}
