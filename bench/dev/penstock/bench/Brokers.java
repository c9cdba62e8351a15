package dev.penstock.bench;

import dev.penstock.testing.BrokerSettings;
import dev.penstock.testing.RabbitServer;
import dev.penstock.testing.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A RabbitMQ and a Redis of the benchmark's own, on free ports, as a fresh install has them. */
public final class Brokers implements AutoCloseable {
  private final Path folder;
  private final RabbitServer rabbit;
  private final RedisServer redis;

  private Brokers(Path folder, RabbitServer rabbit, RedisServer redis) {
    this.folder = folder;
    this.rabbit = rabbit;
    this.redis = redis;
  }

  /** Starts both and waits until they take connections. */
  public static Brokers start(Path scratch) throws Exception {
    Path folder = Files.createTempDirectory(scratch, "brokers");
    // Tests let it sync every write; this is what Redis recommends and what our compose file says.
    RedisServer redis = RedisServer.start(folder.resolve("redis"), "--appendfsync", "everysec");
    try {
      Path home = Files.createDirectories(folder.resolve("rabbit"));
      return new Brokers(folder, RabbitServer.start(home), redis);
    } catch (Exception | Error e) {
      redis.close();
      throw e;
    }
  }

  /** The settings of a node that uses them. */
  public Map<String, String> settings() {
    return BrokerSettings.of(rabbit, redis);
  }

  public int rabbitPort() {
    return rabbit.port();
  }

  public int redisPort() {
    return redis.port();
  }

  public List<ProcessHandle> rabbitProcesses() {
    return rabbit.processes();
  }

  public List<ProcessHandle> redisProcesses() {
    return redis.processes();
  }

  @Override
  public void close() throws IOException {
    redis.close();
    rabbit.close();
    Folders.delete(folder);
  }
}
