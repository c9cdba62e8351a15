package dev.penstock.bench.parts;

import dev.penstock.bench.Connection;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.Api;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What a list costs an owner with one task beside 400,000 of another, and what it costs that one.
 */
public final class ListsPart implements Part {
  private static final int TASKS = 400_000;
  private static final int LIST = 1_000;
  private static final int FILLERS = 4;
  private static final int CLIENTS = 16;
  private static final int REQUESTS = 3_200;
  private static final long POLL_MS = 50;
  private static final long FILL_LIMIT_S = 300;
  private static final double MOST_MS = 20;
  private static final String PING = "{\"type\":\"ping\"}";

  private static final List<String> LISTS =
      List.of(
          "/v1/tasks",
          "/v1/tasks?status=pending",
          "/v1/tasks?status=completed&type=ping",
          "/v1/tasks?status=failed,cancelled");

  @Override
  public void run(Session session) throws Exception {
    try (Server server = Server.start(session.scratch())) {
      session.say("fill a store with " + TASKS + " tasks");
      fill(server);
      String key = key(server);
      byte[] task =
          Connection.post(server.uri(), key, "/v1/tasks", PING.getBytes(StandardCharsets.UTF_8));
      server.ask(task);
      byte[] last = server.ask(server.post("/v1/tasks", PING));
      byte[] lookUp = server.get("/v1/tasks/" + Api.JSON.readTree(last).path("id").asText());
      var table = new Report.Table("request", "p50 ms", "p95 ms", "max ms", "requests");
      Histogram alone = looks(server, lookUp);
      row(table, "another's look-up by id, alone", alone);
      double worst = 0;
      for (String path : LISTS) {
        session.say(path);
        byte[] list = Connection.get(server.uri(), key, path);
        CompletableFuture<Histogram> beside =
            CompletableFuture.supplyAsync(() -> {
              try {
                return looks(server, lookUp);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
        List<byte[]> requests = Collections.nCopies(REQUESTS, list);
        Histogram latency = Load.closed(server.uri(), server.cpu(), requests, CLIENTS).latency();
        worst = Math.max(worst, latency.getValueAtPercentile(95) / 1e6);
        row(table, "`GET " + path + "`", latency);
        row(table, "another's look-up by id, beside it", beside.join());
      }
      session
          .report()
          .aim(
              Aim.atMost("a list of one task among 400,000, 16 at once, p95", MOST_MS, "ms"),
              worst);
      session
          .report()
          .section(
              "Lists beside 400,000 tasks",
              """
              One owner has 200,000 completed pings and 200,000 scheduled ones, another one task. %d
              clients list that one's tasks, closed loop, while one client looks up a task of the
              other's by its id.
              """
                  .formatted(CLIENTS),
              table);
    }
  }

  private static void row(Report.Table table, String request, Histogram latency) {
    table.row(
        request,
        Format.millis(latency.getValueAtPercentile(50)),
        Format.millis(latency.getValueAtPercentile(95)),
        Format.millis(latency.getMaxValue()),
        latency.getTotalCount());
  }

  private static Histogram looks(Server server, byte[] lookUp) throws Exception {
    List<byte[]> requests = Collections.nCopies(REQUESTS / CLIENTS, lookUp);
    return Load.closed(server.uri(), server.cpu(), requests, 1).latency();
  }

  private static String key(Server server) throws Exception {
    byte[] made =
        server.ask(server.post("/v1/keys", "{\"owner\":\"one-task\",\"scopes\":[\"client\"]}"));
    return Api.JSON.readTree(made).path("key").asText();
  }

  private static void fill(Server server) throws Exception {
    List<byte[]> requests = new ArrayList<>();
    String done = "{\"type\":\"ping\",\"ttl_seconds\":86400}";
    String later = "{\"type\":\"ping\",\"delay_seconds\":86400}";
    for (int i = 0; i < TASKS / LIST; i++) {
      requests.add(server.post("/v1/tasks", PingPart.list(i % 2 == 0 ? done : later, LIST)));
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
}
