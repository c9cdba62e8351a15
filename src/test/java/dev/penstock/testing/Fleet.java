package dev.penstock.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Several Penstocks that share a RabbitMQ and a Redis of their own: nodes that take requests and
 * nodes that run tasks, in one cluster. Tests may hurt any part, and leave all of it whole.
 */
public final class Fleet implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final String DUPLICATES = "penstock_deliveries_duplicate_total";

  /** Lost leases are noticed within 3 s in place of 45. */
  private static final Map<String, String> SHORT =
      Map.of(
          "LEASE_DURATION", "2s",
          "LEASE_EXTEND_EVERY", "500ms",
          "LEASE_SWEEP_EVERY", "300ms",
          "LEASE_MARGIN", "500ms",
          "SHUTDOWN_TIMEOUT", "2s",
          "RABBITMQ_CONFIRM_TIMEOUT", "3s",
          "JAVA_TOOL_OPTIONS", "-Xmx512m");

  private final RabbitServer rabbit;
  private final RedisServer redis;
  private final List<Member> http = new ArrayList<>();
  private final List<Member> inference = new ArrayList<>();

  /** Of processes that have ended; what one that died by itself counted last is not known. */
  private double duplicatesBefore;

  private final Map<Member, Double> duplicatesSeen = new HashMap<>();

  /** A node, and a client of it. */
  public record Member(PenstockProcess process, Api api) {}

  private Fleet(RabbitServer rabbit, RedisServer redis) {
    this.rabbit = rabbit;
    this.redis = redis;
  }

  /**
   * Starts everything, the first node before the others, and waits until all nodes see each other.
   *
   * @param settings more of the nodes' settings, as environment variables
   * @param broker settings of the broker, as Erlang terms
   */
  public static Fleet start(
      Path folder, Map<String, String> settings, int http, int inference, String... broker)
      throws Exception {
    return start(folder, settings, http, inference, false, broker);
  }

  /** As the other, with no node before the others. */
  public static Fleet startAtOnce(
      Path folder, Map<String, String> settings, int http, int inference, String... broker)
      throws Exception {
    return start(folder, settings, http, inference, true, broker);
  }

  private static Fleet start(
      Path folder,
      Map<String, String> settings,
      int http,
      int inference,
      boolean atOnce,
      String... broker)
      throws Exception {
    RabbitServer rabbit = RabbitServer.start(Files.createDirectories(folder.resolve("mq")), broker);
    var fleet = new Fleet(rabbit, RedisServer.start(folder.resolve("redis")));
    try {
      fleet.launch(folder, settings, http, inference, atOnce);
      return fleet;
    } catch (Exception | Error e) {
      fleet.close();
      throw e;
    }
  }

  private void launch(
      Path folder, Map<String, String> settings, int takers, int workers, boolean atOnce)
      throws Exception {
    List<String> members =
        IntStream.range(0, takers + workers).mapToObj(_ -> "127.0.0.1:" + FreePort.next()).toList();
    for (int i = 0; i < members.size(); i++) {
      boolean takes = i < takers;
      Map<String, String> environment = new HashMap<>(SHORT);
      environment.putAll(BrokerSettings.of(rabbit, redis));
      environment.putAll(
          Map.of(
              "ROLES",
              takes ? "http" : "inference",
              "CLUSTER",
              "true",
              "CLUSTER_PORT",
              members.get(i).substring(members.get(i).indexOf(':') + 1),
              "CLUSTER_MEMBERS",
              String.join(",", members)));
      environment.putAll(settings);
      var process =
          PenstockProcess.launch(Files.createDirectories(folder.resolve("node" + i)), environment);
      (takes ? http : inference).add(new Member(process, process.api()));
      if (i == 0 && !atOnce) {
        // Nodes that look for each other at the same time take ten seconds to agree who was first.
        process.awaitReady();
      }
    }
    awaitWhole();
  }

  public RabbitServer rabbit() {
    return rabbit;
  }

  public RedisServer redis() {
    return redis;
  }

  /** A node that takes requests. */
  public Member http(int number) {
    return http.get(number);
  }

  /** The client of a node that takes requests. */
  public Api api(int number) {
    return http.get(number).api();
  }

  /** A node that runs tasks. */
  public Member inference(int number) {
    return inference.get(number);
  }

  public List<Member> inference() {
    return List.copyOf(inference);
  }

  public List<Member> all() {
    return Stream.concat(http.stream(), inference.stream()).toList();
  }

  /**
   * Starts who has ended, and waits until every node is ready and is seen by all that take
   * requests.
   */
  public void awaitWhole() throws Exception {
    for (Member member : all()) {
      if (!member.process().alive()) {
        member.process().relaunch();
      }
    }
    for (Member member : all()) {
      member.process().awaitReady();
    }
    for (Member member : http) {
      Await.until(
          "the nodes that run tasks are seen",
          LIMIT,
          () ->
              workers(member.api()).stream().filter(worker -> !draining(worker)).count()
                  >= inference.size());
    }
  }

  /** Those that run tasks, as a node sees them now. */
  public static List<JsonNode> workers(Api api) throws IOException, InterruptedException {
    return nodes(api).filter(Fleet::runsTasks).toList();
  }

  private static Stream<JsonNode> nodes(Api api) throws IOException, InterruptedException {
    return StreamSupport.stream(api.get("/v1/workers").json().path("data").spliterator(), false);
  }

  /** Waits until the first node sees such a worker. */
  public JsonNode awaitWorker(String what, Predicate<JsonNode> such) throws Exception {
    return awaitNode(what, node -> runsTasks(node) && such.test(node));
  }

  /** As the other, for a node of any role. */
  public JsonNode awaitNode(String what, Predicate<JsonNode> such) throws Exception {
    var found = new AtomicReference<JsonNode>(Api.JSON.nullNode());
    Await.until(
        "a node " + what,
        LIMIT,
        () -> {
          nodes(api(0)).filter(such).findFirst().ifPresent(found::set);
          return !found.get().isNull();
        });
    return found.get();
  }

  private static boolean runsTasks(JsonNode node) {
    return has(node.path("roles"), "inference");
  }

  public static boolean takesRequests(JsonNode node) {
    return has(node.path("roles"), "http");
  }

  private static boolean has(JsonNode words, String word) {
    return StreamSupport.stream(words.spliterator(), false)
        .anyMatch(one -> one.asText().equals(word));
  }

  public static boolean draining(JsonNode worker) {
    return worker.path("draining").asBoolean();
  }

  /** SIGKILL. */
  public void kill(Member member) throws Exception {
    remember(member);
    member.process().kill();
  }

  /** SIGTERM; it must end with 0. */
  public void stop(Member member, Duration limit) throws Exception {
    remember(member);
    assertThat(member.process().terminate(limit)).as("exit code").isZero();
  }

  private void remember(Member member) throws Exception {
    duplicatesBefore += member.api().metric(DUPLICATES);
    duplicatesSeen.put(member, 0.0);
  }

  /** Deliveries so far of tasks that had ended or were held, by all nodes. */
  public long duplicates() throws Exception {
    double now = 0;
    for (Member member : all()) {
      double counted = member.api().metric(DUPLICATES);
      double seen = duplicatesSeen.getOrDefault(member, 0.0);
      if (counted < seen) {
        duplicatesBefore += seen; // It died and began anew.
      }
      duplicatesSeen.put(member, counted);
      now += counted;
    }
    return Math.round(duplicatesBefore + now);
  }

  /** The sum of all samples of {@code /metrics} of all nodes whose name and labels begin so. */
  public double sum(String beginning) throws Exception {
    double sum = 0;
    for (Member member : all()) {
      sum += member.api().metric(beginning);
    }
    return sum;
  }

  @Override
  public void close() throws IOException {
    for (Member member : all()) {
      member.api().close();
      member.process().close();
    }
    redis.close();
    rabbit.close();
  }
}
