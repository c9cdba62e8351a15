package dev.penstock.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A redis-server of the test's own, on a free port that stays the same over restarts, with an
 * append-only file in its own folder. Tests may kill, freeze and restart it.
 */
public final class RedisServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final int REPLY_MILLIS = 10_000;

  private final Path folder;
  private final int port;
  private final List<String> options;
  private final Map<String, String> environment;
  private Process process;

  private RedisServer(Path folder, Map<String, String> environment, List<String> options) {
    this.folder = folder;
    this.environment = Map.copyOf(environment);
    this.port = FreePort.next();
    this.options = List.copyOf(options);
    this.process = launch();
  }

  /**
   * Starts it and waits until it answers.
   *
   * @param options more of redis-server's, for example {@code --maxmemory 10mb}
   */
  public static RedisServer start(Path folder, String... options) throws Exception {
    return startWith(folder, Map.of(), options);
  }

  /** The same with more in its environment. */
  public static RedisServer startWith(
      Path folder, Map<String, String> environment, String... options) throws Exception {
    Files.createDirectories(folder);
    var server = new RedisServer(folder, environment, List.of(options));
    try {
      server.awaitReady();
      return server;
    } catch (Exception | Error e) {
      server.close();
      throw e;
    }
  }

  private Process launch() {
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder.toAbsolutePath().toString(),
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--save",
                ""));
    command.addAll(options);
    var builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    try {
      return builder
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("redis.log").toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitReady() throws Exception {
    Await.until(
        "redis-server answers",
        START,
        () -> {
          try {
            return command("PING").equals("+PONG");
          } catch (IOException e) {
            return false;
          }
        });
  }

  public int port() {
    return port;
  }

  public List<ProcessHandle> processes() {
    return List.of(process.toHandle());
  }

  /** Sends a command of words and returns the first line of the reply, as it is on the wire. */
  public String command(String words) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(REPLY_MILLIS);
      socket.getOutputStream().write((words + "\r\n").getBytes(StandardCharsets.UTF_8));
      var reply =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      return String.valueOf(reply.readLine());
    }
  }

  /** How much memory it uses, in bytes. */
  public long usedMemory() throws IOException {
    String script =
        "return tonumber(string.match(redis.call('INFO','memory'),'used_memory:(%d+)'))";
    return Long.parseLong(command("EVAL \"" + script + "\" 0").substring(1));
  }

  public void kill() throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      throw new AssertionError("redis-server does not die");
    }
  }

  /** Ends it and deletes all it had written. */
  public void forget() throws Exception {
    kill();
    try (Stream<Path> all = Files.walk(folder.resolve("appendonlydir"))) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Starts it again after a {@link #kill}, and waits until it answers. */
  public void restart() throws Exception {
    process = launch();
    awaitReady();
  }

  public void freeze() throws Exception {
    signal("STOP");
  }

  public void thaw() throws Exception {
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
      throw new AssertionError("kill -" + name + " failed");
    }
  }

  /** Ends it; a frozen one too. */
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
