package dev.penstock.store;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.ProtocolVersion;
import io.vertx.redis.client.RedisOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where Redis is and how it is talked to. */
final class RedisAddress {
  private static final Logger LOG = LoggerFactory.getLogger(RedisAddress.class);

  /** So many commands may wait for their answers; more are refused. */
  private static final int MOST_WAITING = 8_192;

  private static final int CONNECT_MILLIS = 3_000;

  private RedisAddress() {}

  static RedisOptions options(Settings.Redis settings) {
    String uri = uri(settings);
    NetClientOptions net =
        new NetClientOptions()
            .setSsl(uri.startsWith("rediss:"))
            .setConnectTimeout(CONNECT_MILLIS)
            .setTcpKeepAlive(true)
            .setTcpNoDelay(true)
            // Used with TLS only: then the certificate must be of the host we asked for.
            .setHostnameVerificationAlgorithm("HTTPS");
    RedisOptions options =
        new RedisOptions()
            .setConnectionString(uri)
            .setNetClientOptions(net)
            .setMaxWaitingHandlers(MOST_WAITING)
            .setMaxPoolSize(1)
            .setPoolCleanerInterval(-1)
            .setPreferredProtocolVersion(ProtocolVersion.RESP2);
    settings.username().ifPresent(options::setUser);
    settings.password().ifPresent(options::setPassword);
    settings.passwordFile().ifPresent(file -> options.setPassword(read(file)));
    return options;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new BadSettings("redis.password-file = " + file + ": cannot be read: " + e);
    }
  }

  /** For messages: without what is secret. */
  static String name(Settings.Redis settings) {
    URI uri = URI.create(uri(settings));
    return "Redis at " + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
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
   * @param persistence its answer to INFO; empty: it may not be asked
   */
  static void warnOfLoss(String name, RedisMemory memory, Optional<String> persistence) {
    if (persistence.isEmpty()) {
      LOG.info("{} does not tell this user whether it keeps an append-only file", name);
    } else if (!RedisMemory.value(persistence.get(), "aof_enabled").orElse("1").equals("1")) {
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
