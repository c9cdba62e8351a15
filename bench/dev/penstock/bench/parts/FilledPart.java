package dev.penstock.bench.parts;

import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What 100,000 tasks in the store cost: the same work beside an empty one, and looking at them. */
public final class FilledPart implements Part {
  private static final int TASKS = 100_000;
  private static final int LIST = 1_000;
  private static final int SMALL_LIST = 100;
  private static final int ROUND = 3_000;
  private static final int FILLERS = 4;
  private static final String OTHER_LANE = "embedding.bge-small-en-v1.5-q";
  private static final long POLL_MS = 50;
  private static final long FILL_LIMIT_S = 120;

  /** Measured tasks leave again, or the empty store would fill up too. */
  private static final String MEASURED = "{\"type\":\"ping\",\"input\":{},\"ttl_seconds\":10}";

  private static final List<String> LOOKS =
      List.of(
          "/v1/tasks?limit=50",
          "/v1/tasks?limit=50&status=completed",
          "/v1/tasks?limit=50&status=failed",
          "/v1/tasks?limit=50&type=embedding&status=pending",
          "/v1/tasks?limit=50&q=uphill",
          "/v1/queues");

  private static final List<String> PAGES = List.of("/", "/dashboard/tasks");

  @Override
  public void run(Session session) throws Exception {
    try (Server empty = Server.start(session.scratch());
        Server filled = Server.start(session.scratch())) {
      session.say("fill a store with " + TASKS + " tasks");
      fill(filled);
      cost(session, empty, filled);
      looks(session, filled);
    }
  }

  /** 40 % completed, 30 % scheduled on the lane that is measured, 30 % ready on a paused lane. */
  private static void fill(Server server) throws Exception {
    server.ask(server.post("/v1/queues/" + OTHER_LANE + "/pause", ""));
    List<byte[]> requests = new ArrayList<>();
    String done = "{\"type\":\"ping\",\"input\":{\"text\":\"down the penstock\"}}";
    String later = "{\"type\":\"ping\",\"input\":{},\"delay_seconds\":86400}";
    String waiting =
        "{\"type\":\"embedding\",\"model\":\"bge-small-en-v1.5-q\",\"input\":\"water finds its way\"}";
    for (int i = 0; i < TASKS / LIST; i++) {
      String task = i % 10 < 4 ? done : i % 10 < 7 ? later : waiting;
      requests.add(server.post("/v1/tasks", PingPart.list(task, LIST)));
    }
    var _ = Load.closed(server.uri(), server.cpu(), requests, FILLERS);
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(FILL_LIMIT_S);
    byte[] queue = server.get("/v1/queues/ping");
    while (Api.JSON.readTree(server.ask(queue)).path("in_flight").asInt() > 0
        || Api.JSON.readTree(server.ask(queue)).path("depth").asInt() > 0) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("the tasks that fill the store do not end");
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  /** The cookie of a session of the dashboard. */
  private static String login(Server server) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      var request =
          HttpRequest.newBuilder(server.uri().resolve("/login"))
              .timeout(Duration.ofSeconds(10))
              .header("Content-Type", "application/x-www-form-urlencoded")
              .header("Origin", server.uri().toString())
              .POST(BodyPublishers.ofString("next=%2F&key=" + PenstockProcess.KEY))
              .build();
      var cookie =
          client.send(request, BodyHandlers.discarding()).headers().firstValue("Set-Cookie");
      return cookie.orElseThrow().split(";", 2)[0];
    }
  }

  private static void cost(Session session, Server empty, Server filled) throws Exception {
    List<Double> emptyRates = new ArrayList<>();
    List<Double> filledRates = new ArrayList<>();
    long start = System.nanoTime();
    while (System.nanoTime() - start < session.plan().warmUp().toNanos()) {
      var _ = PingPart.round(empty, MEASURED, SMALL_LIST, ROUND);
      var _ = PingPart.round(filled, MEASURED, SMALL_LIST, ROUND);
    }
    int rounds = 3 * session.plan().rounds();
    for (int i = 0; i < rounds; i++) {
      session.say("empty and filled store, run " + (i + 1));
      emptyRates.add(PingPart.round(empty, MEASURED, SMALL_LIST, ROUND).completed());
      filledRates.add(PingPart.round(filled, MEASURED, SMALL_LIST, ROUND).completed());
    }
    Spread before = Spread.of(emptyRates);
    Spread after = Spread.of(filledRates);
    session
        .report()
        .aim(
            Aim.atLeast("rate with 100,000 tasks in the store, of the rate with none", 90, "%"),
            100 * after.median() / before.median());
    var table = new Report.Table("store", "completed/s, end to end", "runs");
    table.row("empty", before.text(0), before.runs());
    table.row("with 100,000 tasks", after.text(0), after.runs());
    session
        .report()
        .section(
            "100,000 tasks in the store",
            """
            Ping tasks in lists of %d, %d a run, submitted, leased and settled by two servers in
            turns. One store is empty but for what is measured (kept for 10 s); the other holds
            40,000 completed tasks, 30,000 scheduled ones on the same lane and 30,000 ready ones on
            a paused lane.
            """
                .formatted(SMALL_LIST, ROUND),
            table);
  }

  private static void looks(Session session, Server server) throws Exception {
    var table = new Report.Table("request", "p50 ms", "p95 ms", "max ms", "requests");
    double worst = 0;
    int count = session.plan().pairs();
    Map<String, byte[]> looks = new LinkedHashMap<>();
    LOOKS.forEach(path -> looks.put(path, server.get(path)));
    String cookie = login(server);
    PAGES.forEach(path -> looks.put(path, server.getWith(path, "Cookie: " + cookie)));
    for (var look : looks.entrySet()) {
      String path = look.getKey();
      session.say(path);
      List<byte[]> requests = Collections.nCopies(count, look.getValue());
      Histogram latency = Load.closed(server.uri(), server.cpu(), requests, 1).latency();
      long p95 = latency.getValueAtPercentile(95);
      worst = Math.max(worst, p95 / 1e6);
      table.row(
          "`GET " + path + "`",
          Format.millis(latency.getValueAtPercentile(50)),
          Format.millis(p95),
          Format.millis(latency.getMaxValue()),
          count);
    }
    session
        .report()
        .aim(Aim.atMost("looking at 100,000 tasks, p95 of the slowest", 150, "ms"), worst);
    session
        .report()
        .section(
            "Looking at 100,000 tasks", "The filled store again; one request at a time.", table);
  }
}
