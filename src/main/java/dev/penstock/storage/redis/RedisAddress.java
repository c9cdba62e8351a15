package dev.penstock.storage.redis;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.RedisRole;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where Redis is and how it is talked to. */
final class RedisAddress {
  private static final Logger LOG = LoggerFactory.getLogger(RedisAddress.class);

  /** So many commands may wait for their answers; more are refused. */
  private static final int MOST_WAITING = 8_192;

  private static final int CONNECT_MILLIS = 3_000;
  private static final int SENTINEL_PORT = 26_379;
  private static final int MOST_NODES = 64;

  private RedisAddress() {}

  static RedisOptions options(Settings.Redis settings) {
    List<String> uris = uris(settings);
    NetClientOptions net =
        new NetClientOptions()
            .setSsl(uris.getFirst().startsWith("rediss:"))
            .setConnectTimeout(CONNECT_MILLIS)
            .setTcpKeepAlive(true)
            .setTcpNoDelay(true)
            // Used with TLS only: then the certificate must be of the host we asked for.
            .setHostnameVerificationAlgorithm("HTTPS");
    settings
        .caFile()
        .ifPresent(file ->
            net.setTrustOptions(
                new PemTrustOptions().addCertValue(Buffer.buffer(read("redis.ca-file", file)))));
    RedisOptions options =
        new RedisOptions()
            .setType(type(settings))
            .setMasterName(settings.masterName())
            .setRole(RedisRole.MASTER)
            .setEndpoints(uris)
            .setNetClientOptions(net)
            .setMaxWaitingHandlers(MOST_WAITING)
            // One to each node that is talked to.
            .setMaxPoolSize(settings.clusterNodes().isPresent() ? MOST_NODES : 2)
            .setMaxPoolWaiting(MOST_NODES)
            .setPoolCleanerInterval(-1)
            .setPreferredProtocolVersion(ProtocolVersion.RESP2);
    settings.username().ifPresent(options::setUser);
    settings.password().ifPresent(options::setPassword);
    return options;
  }

  private static RedisClientType type(Settings.Redis settings) {
    if (settings.sentinels().isPresent()) {
      return RedisClientType.SENTINEL;
    }
    return settings.clusterNodes().isPresent()
        ? RedisClientType.CLUSTER
        : RedisClientType.STANDALONE;
  }

  private static String read(String key, Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new BadSettings(key + " = " + file + ": cannot be read: " + e);
    }
  }

  /** For messages: without what is secret. */
  static String name(Settings.Redis settings) {
    if (settings.sentinels().isPresent()) {
      return "Redis "
          + settings.masterName()
          + " of the Sentinels "
          + String.join(",", settings.sentinels().get());
    }
    if (settings.clusterNodes().isPresent()) {
      return "Redis Cluster at " + String.join(",", settings.clusterNodes().get());
    }
    URI uri = URI.create(uris(settings).getFirst());
    return "Redis at " + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }

  private static List<String> uris(Settings.Redis settings) {
    String scheme = settings.tls() ? "rediss://" : "redis://";
    if (settings.sentinels().isPresent()) {
      return nodes(scheme, settings.sentinels().get(), SENTINEL_PORT);
    }
    if (settings.clusterNodes().isPresent()) {
      return nodes(scheme, settings.clusterNodes().get(), settings.port());
    }
    return List.of(uri(settings));
  }

  private static List<String> nodes(String scheme, List<String> nodes, int port) {
    return nodes.stream()
        .map(node -> scheme + node + (node.matches(".*:\\d+") ? "" : ":" + port))
        .toList();
  }

  private static String uri(Settings.Redis settings) {
    String host = settings.host().orElse("localhost");
    return settings
        .uri()
        .orElseGet(() ->
            "%s://%s:%d"
                .formatted(
                    settings.tls() ? "rediss" : "redis",
                    host.contains(":") ? "[" + host + "]" : host,
                    settings.port()));
  }

  /**
   * Says what this server may lose.
   *
   * @param persistence each master's answer to INFO; empty: they may not be asked
   */
  static void warnOfLoss(String name, RedisMemory memory, List<String> persistence) {
    if (persistence.isEmpty()) {
      LOG.info("{} does not tell this user whether it keeps an append-only file", name);
    } else if (persistence.stream()
        .anyMatch(info -> RedisMemory.value(info, "aof_enabled").orElse("1").equals("0"))) {
      LOG.warn(
          "{} keeps no append-only file: tasks and results are lost when it stops;"
              + " 'appendonly yes' keeps them",
          name);
    }
    if (memory.most() > 0 && memory.evicts()) {
      LOG.warn(
          "{} throws keys away when its memory is full, and with them tasks;"
              + " 'maxmemory-policy noeviction' keeps them",
          name);
    }
  }
}
