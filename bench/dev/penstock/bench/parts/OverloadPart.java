package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Cpu;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.bare.BareModel;
import dev.penstock.bench.report.Spread;
import dev.penstock.testing.Api;
import dev.penstock.testing.Vectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Ten times what the program can do, for a minute. */
public final class OverloadPart implements Part {
  private static final double TIMES = 10;
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration QUICKLY = Duration.ofSeconds(10);

  /** The queue's limit (http.max-held-requests): some seconds of work. */
  static final int HELD = 512;

  /** As in a small container. Left to itself, a heap grows as long as the machine has memory. */
  static final int HEAP_MB = 512;

  static final String READY = "/health/ready";
  private static final int CLIENTS = 128;
  private static final int LEAST = 2 * CLIENTS;
  private static final int LOOKERS = 8;
  private static final int COMPARED = 50;
  private static final int DIGITS = 3;

  /** Of what was to be sent; less, and the load was not what it is said to be. */
  private static final double LEAST_SENT = 0.9;

  private static final List<String> KEYS = List.of("message", "type", "param", "code");
  private static final Pattern RETRY_AFTER = Pattern.compile("\nretry-after: *([1-9][0-9]*)\r\n");

  private final Histogram accepted = new ConcurrentHistogram(DIGITS);
  private final Histogram refused = new ConcurrentHistogram(DIGITS);
  private final Map<Integer, String> ids = new ConcurrentHashMap<>();
  private final Map<Integer, AtomicInteger> refusals = new ConcurrentHashMap<>();

  @Override
  public void run(Session session) throws Exception {
    Duration time = session.plan().isQuick() ? QUICKLY : LONG;
    Map<String, String> settings =
        Map.of(
            "HTTP_MAX_HELD_REQUESTS",
            Integer.toString(HELD),
            "HTTP_MAX_CONNECTIONS_PER_ADDRESS",
            Integer.toString(2 * Flood.CONNECTIONS),
            "JAVA_TOOL_OPTIONS",
            "-Xmx" + HEAP_MB + "m");
    try (Server server = Server.start(session.scratch(), settings);
        BareModel bare = BareModel.open(1)) {
      session.say("overload, warm-up");
      long start = System.nanoTime();
      double before;
      do {
        before = capacity(session, server, LEAST);
      } while (System.nanoTime() - start < session.plan().warmUp().toNanos());
      session.say("capacity");
      int tasks = Math.max(LEAST, (int) (before * session.plan().span().toMillis() / 1e3));
      List<Double> capacities = capacities(session, server, tasks);
      var run = flood(session, server, Spread.of(capacities).median(), time);
      session.say("capacity once more");
      capacities.addAll(capacities(session, server, tasks));
      session.say("look every task up");
      List<SteadyLane.Life> lives = lives(server, run.texts(), bare);
      new OverloadFigures(run, lives, Spread.of(capacities), accepted, refused, statuses())
          .report(session.report());
    }
  }

  private static List<Double> capacities(Session session, Server server, int tasks)
      throws Exception {
    List<Double> measured = new ArrayList<>();
    for (int i = 0; i < session.plan().rounds(); i++) {
      measured.add(capacity(session, server, tasks));
    }
    return measured;
  }

  /** Texts a second, each a task whose request is held for its result. */
  private static double capacity(Session session, Server server, int tasks) throws Exception {
    List<byte[]> requests = requests(server, session.texts().take(Kind.MIXED, tasks));
    Load.Result result = Load.closed(server.uri(), server.cpu(), requests, CLIENTS);
    for (byte[] reply : result.replies()) {
      if (!PingPart.completed(Api.JSON.readTree(reply))) {
        throw new IOException("no result in time: " + new String(reply, StandardCharsets.UTF_8));
      }
    }
    return result.perSecond(tasks);
  }

  private static List<byte[]> requests(Server server, List<String> texts) {
    return texts.stream()
        .map(text ->
            Api.JSON
                .createObjectNode()
                .put("type", "embedding")
                .put("model", BareModel.NAME)
                .put("input", text)
                .put("wait_seconds", 30))
        .map(body -> server.post("/v1/tasks", body.toString()))
        .toList();
  }

  /**
   * What was done to the server.
   *
   * @param from when it began, in Unix seconds
   * @param to when the last request was sent
   * @param offered requests a second
   */
  record Run(
      List<String> texts,
      double from,
      double to,
      double offered,
      int unsent,
      Cpu.Share cpu,
      Vitals vitals) {}

  private Run flood(Session session, Server server, double capacity, Duration time)
      throws Exception {
    double rate = TIMES * capacity;
    List<String> texts =
        session.texts().take(Kind.MIXED, (int) Math.round(rate * time.toMillis() / 1e3));
    List<byte[]> requests = requests(server, texts);
    JsonNode list = Api.JSON.readTree(server.ask(server.get("/v1/tasks?limit=1")));
    String some = list.at("/data/0/id").asText();
    try (var vitals = new Vitals(server, List.of(READY, "/v1/tasks/" + some, "/v1/queues"))) {
      Thread.sleep(session.plan().settle());
      session.say("ten times the capacity for " + time.toSeconds() + " s");
      Cpu.Mark mark = server.cpu().mark();
      double from = Instant.now().toEpochMilli() / 1e3;
      vitals.loaded(true);
      Flood.Sent sent = new Flood(server.uri(), requests, this::take).run(rate);
      vitals.loaded(false);
      Cpu.Share cpu = server.cpu().since(mark);
      session.say("idle again");
      Thread.sleep(session.plan().settle());
      vitals.end();
      double offered = (texts.size() - sent.left()) / sent.seconds();
      if (offered < LEAST_SENT * rate) {
        throw new IllegalStateException(
            "the generator sent %.0f requests a second, not %.0f".formatted(offered, rate));
      }
      return new Run(texts, from, from + sent.seconds(), offered, sent.left(), cpu, vitals);
    }
  }

  /** Every answer is a task's or a refusal as it should be. */
  private void take(int request, int status, Connection connection, long nanos) throws IOException {
    JsonNode body = Api.JSON.readTree(connection.body());
    if (status == 200 || status == 202) {
      if (status == 200) {
        accepted.recordValue(nanos); // else its time was over before its result came
      }
      ids.put(request, body.path("id").asText());
      return;
    }
    Matcher retryAfter = RETRY_AFTER.matcher(connection.head());
    Predicate<String> there = key -> body.path("error").has(key);
    if ((status != 429 && status != 503)
        || !retryAfter.find()
        || !KEYS.stream().allMatch(there)
        || body.at("/error/message").asText().isEmpty()) {
      throw new IOException("not how to refuse: " + connection.head() + body);
    }
    refused.recordValue(nanos);
    refusals.computeIfAbsent(status, _ -> new AtomicInteger()).incrementAndGet();
  }

  private String statuses() {
    return refusals.entrySet().stream()
        .map(each -> each.getValue() + " with " + each.getKey())
        .collect(Collectors.joining(", "));
  }

  /** Looks every accepted task up, and compares the vectors of some with the bare model's. */
  private List<SteadyLane.Life> lives(Server server, List<String> texts, BareModel bare)
      throws Exception {
    List<Integer> places = ids.keySet().stream().sorted().toList();
    List<byte[]> looks =
        places.stream().map(place -> server.get("/v1/tasks/" + ids.get(place))).toList();
    List<SteadyLane.Life> lives = new ArrayList<>();
    List<byte[]> replies = Load.closed(server.uri(), server.cpu(), looks, LOOKERS).replies();
    for (int i = 0; i < replies.size(); i++) {
      JsonNode task = Api.JSON.readTree(replies.get(i));
      if (!PingPart.completed(task)) {
        throw new IllegalStateException("accepted and not done: " + task);
      }
      lives.add(SteadyLane.Life.of(task));
      if (i % Math.max(1, replies.size() / COMPARED) == 0) {
        List<String> text = List.of(texts.get(places.get(i)));
        EmbedPart.check(bare, text, List.of(Vectors.of(task.at("/result/data/0/embedding"))));
      }
    }
    return lives;
  }
}
