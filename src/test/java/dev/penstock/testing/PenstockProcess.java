package dev.penstock.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Penstock in a process of its own, with its own data folder, on a free port that stays the same
 * over restarts. Tests may stop, freeze and kill it.
 *
 * <p>Where what a model makes or how fast the program gets is not the subject, it is started for
 * many short lives on few cores: its default model is a {@linkplain TinyModel tiny one}, and its
 * JVM compiles quickly and collects garbage on one thread. {@link #startShipped} is as users start
 * it.
 */
public final class PenstockProcess implements AutoCloseable {
  public static final String KEY = "sk-test-0123456789abcdef";

  /** Settings with which lost leases are noticed within 3 s in place of 45. */
  public static final Map<String, String> SHORT_LEASES =
      Map.of(
          "LEASE_DURATION", "2s",
          "LEASE_EXTEND_EVERY", "500ms",
          "LEASE_SWEEP_EVERY", "300ms",
          "LEASE_MARGIN", "500ms");

  private static final Duration START = Duration.ofMinutes(2);

  /**
   * The program's own quick compiler is done before the other has begun, and the cache of classes
   * goes where it was written for: elsewhere all its pointers change at each start.
   */
  private static final List<String> SHORT_LIVED =
      List.of(
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:ArchiveRelocationMode=0");

  private final Path folder;
  private final int port;
  private final Map<String, String> environment;
  private final List<String> wrapper;
  private final List<String> flags;
  private Process process;

  private PenstockProcess(
      Path folder, Map<String, String> environment, List<String> wrapper, List<String> flags) {
    this.folder = folder;
    this.environment = new HashMap<>(environment);
    this.wrapper = List.copyOf(wrapper);
    this.flags = flags;
    this.port = FreePort.next();
    this.process = launch();
  }

  /** Starts it and waits until it is ready. */
  public static PenstockProcess start(Path folder, Map<String, String> environment)
      throws Exception {
    var started = launch(folder, environment);
    started.awaitReady();
    return started;
  }

  /** As {@link #start}, and does not wait. */
  public static PenstockProcess launch(Path folder, Map<String, String> environment) {
    return launch(folder, environment, shortLived());
  }

  /** As the other, with those options of the JVM. */
  static PenstockProcess launch(Path folder, Map<String, String> environment, List<String> flags) {
    Map<String, String> all = new HashMap<>(TinyModel.settings());
    all.putAll(environment);
    return new PenstockProcess(folder, all, List.of(), flags);
  }

  /** Starts it as users do, with its own models, and waits until it is ready. */
  public static PenstockProcess startShipped(Path folder, Map<String, String> environment)
      throws Exception {
    var started = launchShipped(folder, environment, List.of());
    started.awaitReady();
    return started;
  }

  /**
   * Starts it as users do, under another program ({@code strace …}), and does not wait.
   *
   * @param wrapper the command that comes before {@code java}; may be empty
   */
  public static PenstockProcess launchShipped(
      Path folder, Map<String, String> environment, List<String> wrapper) {
    return new PenstockProcess(folder, environment, wrapper, List.of(buildsCache()));
  }

  private Process launch() {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(java(temp(), flags));
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(API|AUTH|DB|TASK|LOG|JAVA|RABBITMQ|REDIS)_.*"));
    builder.environment().put("AUTH_TOKEN", KEY);
    builder.environment().put("API_PORT", Integer.toString(port));
    builder.environment().putAll(environment);
    File log = folder.resolve("penstock.log").toFile();
    try {
      return builder
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The packaged program. */
  public static Path jar() {
    return Path.of(System.getProperty("penstock.jar", "target/penstock.jar")).toAbsolutePath();
  }

  /** The build's cache of classes, as scripts/penstock has it: of many starts each takes less. */
  private static String buildsCache() {
    return "-XX:AOTCache=" + jar().toString().replaceFirst("jar$", "aot");
  }

  /** Options of a JVM that begins quickly and does not live long. */
  public static List<String> shortLived() {
    List<String> flags = new ArrayList<>(SHORT_LIVED);
    List<String> quick = QuickStarts.flags();
    flags.addAll(quick.isEmpty() ? List.of(buildsCache()) : quick);
    return flags;
  }

  /** The same with no classes that were loaded before. */
  static List<String> withoutCache() {
    return SHORT_LIVED;
  }

  /** The command that starts the program for a short life. */
  static List<String> java(Path temp) {
    return java(temp, shortLived());
  }

  /** The command that starts the program with its temporary files in that folder. */
  static List<String> java(Path temp, List<String> flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(
        List.of(
            "-Xlog:aot=off",
            "-Xlog:cds=off",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.io.tmpdir=" + temp,
            "-jar",
            jar().toString()));
    return command;
  }

  /** The folder for its temporary files, apart from everybody else's. */
  public Path temp() {
    try {
      return Files.createDirectories(folder.resolve("temp"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path database() {
    return folder.resolve("data/penstock.db");
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  public Api api() {
    return new Api(uri(), KEY);
  }

  public long pid() {
    return process.pid();
  }

  public boolean alive() {
    return process.isAlive();
  }

  public String log() throws IOException {
    return Files.readString(folder.resolve("penstock.log"));
  }

  public void awaitReady() throws Exception {
    try (var api = api()) {
      Await.until(
          "Penstock is ready",
          START,
          () -> {
            if (!process.isAlive()) {
              throw new AssertionError("it ended with " + process.exitValue() + ":\n" + log());
            }
            try {
              return api.get("/health/ready").status() == 200;
            } catch (IOException e) {
              return false;
            }
          });
    }
  }

  /** SIGKILL: it gets no chance to tidy up. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new AssertionError("process " + pid() + " survived SIGKILL");
    }
  }

  /** SIGTERM; returns the exit code. */
  public int terminate(Duration limit) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("process " + pid() + " still runs " + limit + " after SIGTERM");
    }
    return process.exitValue();
  }

  /** SIGTERM to the program under its wrapper, which ends with it. */
  public void terminateChild(Duration limit) throws InterruptedException {
    process.descendants().forEach(ProcessHandle::destroy);
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("still runs " + limit + " after SIGTERM");
    }
  }

  /** Sends a signal by name: {@code STOP}, {@code CONT}. */
  public void signal(String name) throws IOException, InterruptedException {
    int sent = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
    if (sent != 0) {
      throw new AssertionError("kill -" + name + " returned " + sent);
    }
  }

  /** No file of it may grow past that; {@code unlimited}: as before. To SQLite the disk is full. */
  public void limitFileSize(String bytes) throws IOException, InterruptedException {
    List<String> command =
        List.of("prlimit", "--pid", Long.toString(pid()), "--fsize=" + bytes + ":unlimited");
    int set = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (set != 0) {
      throw new AssertionError("prlimit returned " + set);
    }
  }

  /** Starts it again after it has ended, on the same data and port. */
  public void restart() throws Exception {
    relaunch();
    awaitReady();
  }

  /** Like {@link #restart}, without waiting. */
  public void relaunch() {
    if (process.isAlive()) {
      throw new IllegalStateException("it still runs");
    }
    process = launch();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    try {
      kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
