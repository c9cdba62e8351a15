package dev.penstock.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
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
 * A RabbitMQ broker of one's own: its ports, name, cookie, data and port mapper are nobody else's,
 * so it may be frozen, killed and restarted. It takes some seconds to start.
 */
public final class RabbitServer implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration END = Duration.ofSeconds(20);

  /** Its command starts a virtual machine of its own, which takes long where cores are few. */
  private static final Duration COMMAND = Duration.ofSeconds(90);

  private final Path folder;
  private final int port = FreePort.next();
  private final int distribution = FreePort.next();
  private final int mapperPort = FreePort.next();
  private final Process mapper;
  private Process broker;

  private RabbitServer(Path folder) throws IOException {
    this.folder = folder;
    // Of our own and in the foreground: left to itself, the broker leaves one behind.
    mapper =
        process(List.of("epmd", "-port", Integer.toString(mapperPort), "-address", "127.0.0.1"));
    broker = launch();
  }

  /**
   * Starts it and waits until it takes connections.
   *
   * @param settings of its application {@code rabbit}, as Erlang terms: {@code {channel_max, 7}}
   */
  public static RabbitServer start(Path folder, String... settings) throws Exception {
    // Not rabbitmq.conf, which does not know all of them.
    Files.writeString(
        folder.resolve("advanced.config"), "[{rabbit, [" + String.join(", ", settings) + "]}].\n");
    var server = new RabbitServer(folder);
    server.awaitUp();
    return server;
  }

  public int port() {
    return port;
  }

  /** What it consists of right now: the broker is a child of the script that started it. */
  public List<ProcessHandle> processes() {
    return Stream.concat(Stream.of(broker.toHandle()), broker.descendants()).toList();
  }

  private Process launch() throws IOException {
    Files.deleteIfExists(log());
    return process(List.of(program()));
  }

  /** Debian's command of that name changes user and folder; the program itself is behind it. */
  private static String program() {
    return Stream.of(
            "/usr/lib/rabbitmq/bin/rabbitmq-server",
            "/usr/local/sbin/rabbitmq-server",
            "/opt/rabbitmq/sbin/rabbitmq-server")
        .filter(path -> Files.isExecutable(Path.of(path)))
        .findFirst()
        .orElse("rabbitmq-server");
  }

  private Process process(List<String> command) throws IOException {
    var builder = new ProcessBuilder(new ArrayList<>(command)).directory(folder.toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("RABBITMQ_"));
    Files.createDirectories(folder.resolve("home"));
    if (Files.notExists(folder.resolve("env.conf"))) {
      Files.createFile(folder.resolve("env.conf"));
    }
    environment.putAll(
        Map.ofEntries(
            Map.entry("HOME", folder.resolve("home").toString()),
            Map.entry("ERL_EPMD_PORT", Integer.toString(mapperPort)),
            Map.entry("ERL_EPMD_ADDRESS", "127.0.0.1"),
            Map.entry("RABBITMQ_NODENAME", "penstock-" + port + "@localhost"),
            Map.entry("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"),
            Map.entry("RABBITMQ_NODE_PORT", Integer.toString(port)),
            Map.entry("RABBITMQ_DIST_PORT", Integer.toString(distribution)),
            Map.entry("RABBITMQ_MNESIA_BASE", folder.resolve("data").toString()),
            Map.entry("RABBITMQ_LOG_BASE", folder.resolve("log").toString()),
            Map.entry("RABBITMQ_LOGS", "-"),
            // Bound to cores, which is the default, the brokers of all tests would share the first.
            Map.entry("RABBITMQ_SCHEDULER_BIND_TYPE", "u"),
            Map.entry("RABBITMQ_CONFIG_FILE", folder.resolve("rabbitmq").toString()),
            Map.entry(
                "RABBITMQ_ADVANCED_CONFIG_FILE", folder.resolve("advanced.config").toString()),
            Map.entry("RABBITMQ_CONF_ENV_FILE", folder.resolve("env.conf").toString()),
            Map.entry("RABBITMQ_PID_FILE", folder.resolve("pid").toString()),
            Map.entry("RABBITMQ_ENABLED_PLUGINS_FILE", folder.resolve("plugins").toString())));
    return builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
        .start();
  }

  private Path log() {
    return folder.resolve("rabbitmq.log");
  }

  /** Whether its log has these words, since it was started last. */
  public boolean said(String words) throws IOException {
    return Files.readString(log()).contains(words);
  }

  /** Waits until it takes connections. */
  public void awaitUp() throws Exception {
    Await.until(
        "RabbitMQ takes connections",
        START,
        () -> {
          if (!broker.isAlive()) {
            throw new AssertionError("RabbitMQ ended:\n" + Files.readString(log()));
          }
          return Files.readString(log()).contains("Server startup complete") && answers();
        });
  }

  private boolean answers() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGKILL: what it had not yet written is gone. */
  public void kill() throws InterruptedException {
    broker.descendants().forEach(ProcessHandle::destroyForcibly);
    broker.destroyForcibly();
    if (!broker.waitFor(END.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("RabbitMQ survived SIGKILL");
    }
  }

  /** SIGSTOP: its connections stay open, and nothing answers on them. Returns when that is so. */
  public void freeze() throws Exception {
    signal("STOP");
    Await.until(
        "RabbitMQ is frozen",
        END,
        () -> broker.descendants().allMatch(child -> stopped(child.pid())));
  }

  /** Whether a process stands still, or is none any more. */
  private static boolean stopped(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return "TZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
    } catch (IOException e) {
      return true;
    }
  }

  public void thaw() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    // The broker is a child of the script that started it.
    broker.descendants().forEach(child -> command.add(Long.toString(child.pid())));
    int sent = new ProcessBuilder(command).start().waitFor();
    if (sent != 0) {
      throw new AssertionError(command + " returned " + sent);
    }
  }

  /** Runs rabbitmqctl on it. */
  public void control(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(program().replaceFirst("rabbitmq-server$", "rabbitmqctl"));
    command.addAll(List.of(arguments));
    Process control = process(command);
    if (!control.waitFor(COMMAND.toMillis(), TimeUnit.MILLISECONDS) || control.exitValue() != 0) {
      control.destroyForcibly();
      throw new AssertionError(command + " failed");
    }
  }

  /** Ends it and deletes all it had written. */
  public void forget() throws IOException, InterruptedException {
    kill();
    try (Stream<Path> all = Files.walk(folder.resolve("data"))) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Starts it again after it was killed, on the same data and port, without waiting. */
  public void relaunch() throws IOException {
    broker = launch();
  }

  @Override
  public void close() {
    mapper.destroyForcibly();
    try {
      kill();
      mapper.waitFor(END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
