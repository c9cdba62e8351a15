package dev.penstock.config;

import static java.util.Map.entry;

import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** What each key accepts, and what keys ask of each other. */
final class Rules {
  private static final int LEAST_TOKEN = 16;
  private static final Set<String> KNOWN_TOKENS =
      Set.of("guest", "admin:admin", "your-secret-token");

  private static final Map<String, Rule> RULES =
      Map.ofEntries(
          entry(
              "roles",
              Rule.matching(
                  "http, inference or both with a comma between them",
                  "(?i)http|inference|http *, *inference|inference *, *http")),
          entry("api.host", Rule.host()),
          entry("api.port", Rule.whole(0, 65_535)),
          entry(
              "auth.token",
              Rule.matching("1 to 512 visible ASCII characters without spaces", "[!-~]{1,512}")
                  .orEmpty()),
          entry("session.idle", Rule.time("1s", "7d")),
          entry("session.max", Rule.time("1s", "30d")),
          entry("session.secure", Rule.oneOf(Settings.Session.Secure.class)),
          entry("log.level", Rule.oneOf(Settings.Log.Level.class)),
          entry("log.format", Rule.oneOf(Settings.Log.Format.class)),
          entry("data.dir", Rule.path("the path of a folder")),
          entry("db.path", Rule.path("the path of a file").orEmpty()),
          entry("task.ttl", Rule.time("100ms", "365d")),
          entry("task.max-attempts", Rule.whole(1, 100)),
          entry("task.max-lost", Rule.whole(0, 1_000)),
          entry("task.timeout", Rule.time("100ms", "7d")),
          entry("task.retry-base", Rule.time("1ms", "1d")),
          entry("task.retry-cap", Rule.time("1ms", "7d")),
          entry("failed.ttl", Rule.time("100ms", "365d")),
          entry("sync.ttl", Rule.time("100ms", "365d")),
          entry("lease.duration", Rule.time("100ms", "1h")),
          entry("lease.extend-every", Rule.time("10ms", "1h")),
          entry("lease.sweep-every", Rule.time("10ms", "1h")),
          entry("lease.margin", Rule.time("0s", "1h")),
          entry("store.max-bytes", Rule.size("1MiB", "1024TiB")),
          entry("redis.host", Rule.host().orEmpty()),
          entry("redis.port", Rule.whole(1, 65_535)),
          entry(
              "redis.username",
              Rule.matching("1 to 256 visible ASCII characters without spaces", "[!-~]{1,256}")
                  .orEmpty()),
          entry(
              "redis.password",
              Rule.matching("1 to 512 characters", "\\P{Cntrl}{1,512}").orEmpty()),
          entry("redis.password-file", Rule.path("the path of a file").orEmpty()),
          entry("redis.uri", Rule.redis().orEmpty()),
          entry("redis.tls", Rule.matching("true or false", "true|false")),
          entry("redis.ca-file", Rule.path("the path of a file").orEmpty()),
          entry("redis.sentinels", nodes()),
          entry(
              "redis.master-name",
              Rule.matching("1 to 100 letters, digits, '.', '-' or '_'", "[A-Za-z0-9._-]{1,100}")),
          entry("redis.cluster-nodes", nodes()),
          entry("http.sync-timeout", Rule.time("100ms", "1h")),
          entry("http.max-body", Rule.size("1KiB", "1GiB")),
          entry("http.max-held-requests", Rule.whole(1, 1_000_000)),
          entry("http.abandon-after", Rule.time("0s", "1h")),
          entry("http.max-connections-per-address", Rule.whole(1, 1_000_000)),
          entry("http.read-timeout", Rule.time("100ms", "1h")),
          entry("http.idle-timeout", Rule.time("1s", "1d")),
          entry(
              "embedding.model",
              Rule.matching("the name of a model", "[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}")),
          entry("embedding.direct", Rule.matching("true or false", "true|false")),
          entry("embedding.cache", Rule.size("0", "1TiB")),
          entry("inference.device", Rule.matching("auto, cpu or cuda:N", "auto|cpu|cuda:\\d{1,3}")),
          entry("inference.threads", Rule.whole(0, 1_024)),
          entry("inference.token-budget", Rule.whole(0, 10_000_000)),
          entry("inference.tasks-in-hand", Rule.whole(1, 10_000)),
          entry("ping.allow-crash", Rule.matching("true or false", "true|false")),
          entry(
              "model.type",
              Rule.matching(
                      "task types, with commas between them", "[a-z0-9_-]+( *, *[a-z0-9_-]+)*")
                  .orEmpty()),
          entry(
              "model.key",
              Rule.matching(
                      "names of models, with commas between them",
                      "[A-Za-z0-9][A-Za-z0-9._/:-]*( *, *[A-Za-z0-9][A-Za-z0-9._/:-]*)*")
                  .orEmpty()),
          entry("model.idle-unload", Rule.time("0s", "365d")),
          entry(
              "model.max-memory-gb",
              Rule.matching(
                  "a number from 0 to 99999, such as 2 or 0.5", "\\d{1,5}(\\.\\d{1,3})?")),
          entry("models.file", Rule.path("the path of a file").orEmpty()),
          entry("models.dir", Rule.path("the path of a folder")),
          entry("plugins.dir", Rule.path("the path of a folder")),
          entry("shutdown.timeout", Rule.time("0s", "1h")),
          entry("poll.interval", Rule.time("10ms", "10m")),
          entry("rabbitmq.host", Rule.host().orEmpty()),
          entry("rabbitmq.port", Rule.whole(1, 65_535)),
          entry("rabbitmq.user", Rule.matching("the name of a user", "\\P{Cntrl}{1,255}")),
          entry("rabbitmq.password", Rule.matching("a password", "\\P{Cntrl}{1,512}")),
          entry("rabbitmq.password-file", Rule.path("the path of a file").orEmpty()),
          entry("rabbitmq.vhost", Rule.matching("the name of a vhost", "\\P{Cntrl}{1,255}")),
          entry("rabbitmq.uri", Rule.amqp().orEmpty()),
          entry("rabbitmq.tls", Rule.matching("true or false", "true|false")),
          entry("rabbitmq.ca-file", Rule.path("the path of a file").orEmpty()),
          entry("rabbitmq.queue-type", Rule.oneOf(Settings.Rabbitmq.QueueType.class)),
          entry("rabbitmq.prefetch", Rule.whole(1, 65_535)),
          entry("rabbitmq.confirm-timeout", Rule.time("100ms", "5m")),
          entry("rabbitmq.ack-horizon", Rule.time("100ms", "25m")),
          entry("cluster.enabled", Rule.matching("true or false", "true|false")),
          entry(
              "cluster.name",
              Rule.matching("a word of letters, digits, _ and -", "[A-Za-z0-9_-]{1,100}")),
          entry("cluster.host", Rule.host()),
          entry("cluster.port", Rule.whole(1, 65_535)),
          entry("cluster.bus-port", Rule.whole(0, 65_535)),
          entry("cluster.members", Rule.members().orEmpty()));

  private Rules() {}

  private static Rule nodes() {
    String node = "([A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+])(:\\d{1,5})?";
    return Rule.matching(
            "nodes as host:port, with commas between them", node + "( *, *" + node + ")*")
        .orEmpty();
  }

  static Rule of(String key) {
    Rule rule = RULES.get(key);
    if (rule == null) {
      throw new IllegalStateException("no rule for the key " + key);
    }
    return rule;
  }

  static Set<String> keys() {
    return RULES.keySet();
  }

  /**
   * Checks keys against each other; each alone is right already.
   *
   * @param problem told the key at fault and what it must be
   */
  static void checkTogether(Settings settings, BiConsumer<String, String> problem) {
    Duration lease = settings.lease().duration();
    if (settings.lease().extendEvery().compareTo(lease) >= 0) {
      problem.accept("lease.extend-every", "must be less than lease.duration");
    }
    if (settings.task().retryCap().compareTo(settings.task().retryBase()) < 0) {
      problem.accept("task.retry-cap", "must not be less than task.retry-base");
    }
    if (settings.redis().passwordFile().isPresent() && settings.redis().password().isPresent()) {
      problem.accept("redis.password-file", "must be empty where redis.password is set");
    }
    if (settings.redis().sentinels().isPresent() && settings.redis().clusterNodes().isPresent()) {
      problem.accept("redis.cluster-nodes", "must be empty where redis.sentinels is set");
    }
    settings
        .auth()
        .token()
        .filter(token -> weak(token) && !isLoopback(settings.api().host()))
        .ifPresent(token ->
            problem.accept(
                "auth.token",
                "must be at least "
                    + LEAST_TOKEN
                    + " characters and none of the well-known ones, because api.host ("
                    + settings.api().host()
                    + ") is reached from outside this machine; left empty, a key is generated"));
    checkGuest(settings.rabbitmq(), problem);
    checkRoles(settings, problem);
  }

  /** One process alone with its SQLite file has nobody to share the work with. */
  private static void checkRoles(Settings settings, BiConsumer<String, String> problem) {
    boolean shared = settings.rabbitmq().used() && settings.redis().used();
    if (!shared && !settings.has(Settings.Role.HTTP)) {
      problem.accept(
          "roles",
          "must have http, because without rabbitmq.host and redis.host nobody else can take"
              + " requests for this process");
    }
    if (!shared && settings.cluster().enabled()) {
      problem.accept(
          "cluster.enabled",
          "must be false without rabbitmq.host and redis.host: nodes share their work there");
    }
  }

  /** Every broker has the account guest, with the password guest, until somebody takes it away. */
  private static void checkGuest(Settings.Rabbitmq broker, BiConsumer<String, String> problem) {
    String host = broker.host().orElse("localhost");
    String account = broker.user() + ":" + broker.password();
    String key = "rabbitmq.password";
    if (broker.uri().isPresent()) {
      URI uri = URI.create(broker.uri().get());
      host = uri.getHost().replaceAll("[\\[\\]]", "");
      account = uri.getUserInfo() == null ? "guest:guest" : uri.getUserInfo();
      key = "rabbitmq.uri";
    } else if (broker.passwordFile().isPresent()) {
      return;
    }
    if (account.equals("guest:guest") && !isLoopback(host)) {
      problem.accept(
          key,
          "must not be the well-known one of the account guest, because the broker ("
              + host
              + ") is outside this machine");
    }
  }

  static boolean weak(String token) {
    return token.length() < LEAST_TOKEN || KNOWN_TOKENS.contains(token.toLowerCase(Locale.ROOT));
  }

  /** False for any name but localhost: what a name server says may change. */
  static boolean isLoopback(String host) {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    try {
      return InetAddress.ofLiteral(host).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
