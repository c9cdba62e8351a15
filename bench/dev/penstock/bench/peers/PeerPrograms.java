package dev.penstock.bench.peers;

import dev.penstock.bench.Brokers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The programs below {@code bench/peers}, and how they find the brokers. */
public final class PeerPrograms {
  private static final Path FOLDER = Path.of("bench/peers").toAbsolutePath();
  private static final Path PACKAGES = Path.of("target/peers/bullmq/node_modules").toAbsolutePath();

  /** Debian's own: its packages are there, and not in another one that comes first on the path. */
  private static final String PYTHON = "/usr/bin/python3";

  private final Path scratch;
  private final Map<String, String> environment;

  public PeerPrograms(Path scratch, Brokers brokers) throws IOException {
    if (!Files.isDirectory(PACKAGES)) {
      throw new IOException("there is no " + PACKAGES + ": make bench-queue installs it");
    }
    this.scratch = scratch;
    environment =
        Map.of(
            "PEER_RABBITMQ_PORT",
            Integer.toString(brokers.rabbitPort()),
            "PEER_REDIS_PORT",
            Integer.toString(brokers.redisPort()),
            "PYTHONPATH",
            FOLDER.toString(),
            "PYTHONDONTWRITEBYTECODE",
            "1",
            "NODE_PATH",
            PACKAGES.toString());
  }

  /** A module of Python's, or one of ours, with its arguments. */
  public Peer python(Map<String, String> settings, String module, String... arguments)
      throws IOException {
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(settings);
    List<String> command =
        Stream.concat(Stream.of(PYTHON, "-m", module), Stream.of(arguments)).toList();
    return Peer.start(scratch, module, all, command);
  }

  /** A script for Node.js that uses BullMQ. */
  Peer bullMq(String script, String... arguments) throws IOException {
    String path = FOLDER.resolve("bullmq").resolve(script).toString();
    List<String> command = Stream.concat(Stream.of("node", path), Stream.of(arguments)).toList();
    return Peer.start(scratch, script, environment, command);
  }

  /** A class of the benchmark's with a main method, in a JVM of its own. */
  public Peer java(Class<?> main, String... arguments) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        Stream.concat(
                Stream.of(java, "-cp", System.getProperty("java.class.path"), main.getName()),
                Stream.of(arguments))
            .toList();
    return Peer.start(scratch, main.getSimpleName(), Map.of(), command);
  }
}
