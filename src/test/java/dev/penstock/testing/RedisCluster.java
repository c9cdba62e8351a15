package dev.penstock.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A Redis Cluster of three masters of the test's own. */
public final class RedisCluster implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final int MASTERS = 3;

  private final List<RedisServer> servers = new ArrayList<>();

  private RedisCluster() {}

  /** Starts it and waits until every slot is served. */
  public static RedisCluster start(Path folder) throws Exception {
    var cluster = new RedisCluster();
    try {
      for (int i = 0; i < MASTERS; i++) {
        cluster.servers.add(
            RedisServer.start(
                folder.resolve("node-" + i),
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                Integer.toString(FreePort.next()),
                "--cluster-node-timeout",
                "2000"));
      }
      List<String> create = new ArrayList<>(List.of("redis-cli", "--cluster", "create"));
      create.addAll(List.of(cluster.nodes().split(",")));
      create.add("--cluster-yes");
      Process created =
          new ProcessBuilder(create)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("create.log").toFile())
              .start();
      if (!created.waitFor(START.toSeconds(), TimeUnit.SECONDS) || created.exitValue() != 0) {
        created.destroyForcibly();
        throw new AssertionError("redis-cli made no cluster");
      }
      Await.until(
          "every node knows of all slots",
          START,
          () -> {
            for (RedisServer server : cluster.servers) {
              if (server.command("SET penstock:{s00}:probe 1").startsWith("-CLUSTERDOWN")) {
                return false;
              }
            }
            return true;
          });
      cluster.empty();
      return cluster;
    } catch (Exception | Error e) {
      cluster.close();
      throw e;
    }
  }

  /** host:port of each, with commas between them. */
  public String nodes() {
    return servers.stream()
        .map(server -> "127.0.0.1:" + server.port())
        .collect(Collectors.joining(","));
  }

  public List<RedisServer> servers() {
    return List.copyOf(servers);
  }

  public void empty() throws IOException {
    for (RedisServer server : servers) {
      server.command("FLUSHALL");
    }
  }

  @Override
  public void close() {
    servers.forEach(RedisServer::close);
  }
}
