package dev.penstock.config;

import com.nulabinc.zxcvbn.Zxcvbn;
import dev.penstock.base.Loopback;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/** What settings ask of each other. */
final class Rules {
  private static final int LEAST_TOKEN = 16;

  /** What is longer is judged by its beginning: that takes time. */
  private static final int JUDGED = 64;

  /** The library's best mark: ten thousand million guesses and more. */
  private static final int HARD_TO_GUESS = 4;

  /** What examples are made of, and whoever guesses a token of ours begins with. */
  private static final Pattern EXAMPLE =
      Pattern.compile(
          "(a|admin|api|auth|bearer|change|demo|default|example|for|guest|is|key|local|me|my|new|our|"
              + "password|penstock|please|secret|server|sk|test|the|this|token|user|your)+");

  private Rules() {}

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
    if (settings.redis().sentinels().isPresent() && settings.redis().clusterNodes().isPresent()) {
      problem.accept("redis.cluster-nodes", "must be empty where redis.sentinels is set");
    }
    settings
        .auth()
        .token()
        .filter(token -> !Loopback.is(settings.api().host()) && weak(token))
        .ifPresent(token ->
            problem.accept(
                "auth.token",
                "must be at least "
                    + LEAST_TOKEN
                    + " characters, and hard to guess (not of words, repeats and runs),"
                    + " because api.host ("
                    + settings.api().host()
                    + ") is reached from outside this machine; left empty, a key is generated"));
    checkPages(settings, problem);
    checkGuest(settings.rabbitmq(), problem);
    checkRoles(settings, problem);
    if (settings.cluster().enabled()) {
      checkCluster(settings.cluster(), problem);
    }
  }

  /** Nodes believe each other everything, so they have to know who they are talking to. */
  private static void checkCluster(Settings.Cluster cluster, BiConsumer<String, String> problem) {
    Map<String, Optional<Path>> files = new LinkedHashMap<>();
    files.put("cluster.cert-file", cluster.certFile());
    files.put("cluster.key-file", cluster.keyFile());
    files.put("cluster.ca-file", cluster.caFile());
    boolean any = files.values().stream().anyMatch(Optional::isPresent);
    if (any) {
      files.forEach((key, file) -> {
        if (file.isEmpty()) {
          problem.accept(
              key, "must be set too: " + String.join(", ", files.keySet()) + " belong together");
        }
      });
    } else if (!cluster.closedNetwork() && !Loopback.is(cluster.host())) {
      problem.accept(
          "cluster.cert-file",
          "must be set, with cluster.key-file and cluster.ca-file, because cluster.host ("
              + cluster.host()
              + ") is reached from outside this machine, and who reaches a node could stop it and"
              + " read tasks; where nobody but the nodes reaches their ports, set"
              + " cluster.closed-network to true instead");
    }
  }

  /** Who may do without a key, and which pages may ask. */
  private static void checkPages(Settings settings, BiConsumer<String, String> problem) {
    List<String> origins = settings.api().corsOrigins().orElse(List.of());
    boolean all = origins.contains("*");
    if (all && origins.size() > 1) {
      problem.accept("api.cors-origins", "must be * alone or origins alone: * has all of them");
    }
    if (settings.auth().none() && all) {
      problem.accept(
          "api.cors-origins",
          "must name the pages one by one where auth.none is true: with * every page that somebody"
              + " opens on this machine could use this server");
    }
    if (settings.auth().none() && !Loopback.is(settings.api().host())) {
      problem.accept(
          "auth.none",
          "must be false, because api.host ("
              + settings.api().host()
              + ") is reached from outside this machine, and there every request needs a key");
    }
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
    }
    if (account.equals("guest:guest") && !Loopback.is(host)) {
      problem.accept(
          key,
          "must not be the well-known one of the account guest, because the broker ("
              + host
              + ") is outside this machine");
    }
  }

  static boolean weak(String token) {
    if (token.length() < LEAST_TOKEN) {
      return true;
    }
    String letters = token.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    String judged = token.substring(0, Math.min(JUDGED, token.length()));
    return EXAMPLE.matcher(letters).matches()
        || new Zxcvbn().measure(judged).getScore() < HARD_TO_GUESS;
  }
}
