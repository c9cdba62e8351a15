package dev.penstock.testing;

import dev.penstock.config.SettingKey;
import dev.penstock.start.SettingGroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The program as a shell starts it: in a working folder, with the options and settings given and no
 * others. Unlike {@link PenstockProcess} it has neither key nor port unless it is told.
 */
public final class Program implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Process process;
  private final Path output;

  private Program(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /**
   * How a run ended.
   *
   * @param output what it printed, errors included
   */
  public record Ended(int status, String output) {}

  public static Program start(Path folder, Map<String, String> environment, String... options)
      throws IOException {
    return start(folder, environment, PenstockProcess.shortLived(), options);
  }

  /** As the other, with those options of the JVM. */
  static Program start(
      Path folder, Map<String, String> environment, List<String> flags, String... options)
      throws IOException {
    List<String> command =
        PenstockProcess.java(Files.createDirectories(folder.resolve("temp")), flags);
    command.addAll(List.of(options));
    Path output = Files.createTempFile(folder, "output", ".log");
    var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    Map<String, String> variables = builder.environment();
    SettingGroups.keys().stream().map(SettingKey::variable).forEach(variables::remove);
    variables.remove("SERVER_PORT");
    variables.keySet().removeIf(name -> name.startsWith("JAVA_") || name.startsWith("JDK_"));
    variables.putAll(environment);
    return new Program(builder.redirectOutput(output.toFile()).start(), output);
  }

  /** Starts it and waits for its end. */
  public static Ended run(Path folder, Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    try (var program = start(folder, environment, options)) {
      return program.awaitEnd();
    }
  }

  /** Waits until it ends by itself. */
  public Ended awaitEnd() throws IOException, InterruptedException {
    if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("it still runs:\n" + output());
    }
    return new Ended(process.exitValue(), output());
  }

  public String output() throws IOException {
    return Files.readString(output);
  }

  /** Waits until it has printed the text. */
  public void awaitOutput(String text) throws Exception {
    Await.until(
        "the program prints '" + text + "'",
        LIMIT,
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError("it ended with " + process.exitValue() + ":\n" + output());
          }
          return output().contains(text);
        });
  }

  /** SIGTERM; returns the exit code. */
  public int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("it still runs " + LIMIT + " after SIGTERM");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
