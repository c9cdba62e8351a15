package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Cpu;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import dev.penstock.testing.Api;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Tasks that do nothing: what the queue costs, from the request to the stored result. */
public final class PingPart implements Part {
  static final String TASK = "{\"type\":\"ping\",\"input\":{}}";
  static final String WAITING = "{\"type\":\"ping\",\"input\":{},\"wait_seconds\":10}";
  static final int CLIENTS = 32;
  private static final int LOOKERS = 8;
  static final int LIST = 100;
  private static final int WARM_UP = 3_000;
  private static final int MAX_TASKS = 100_000;
  private static final int LATENCIES_PER_PAIR = 4;
  private static final Duration END_LIMIT = Duration.ofSeconds(60);
  private static final long POLL_MS = 20;
  private static final double AIM = 10_000;

  @Override
  public void run(Session session) throws Exception {
    try (Server server = Server.start(session.scratch())) {
      var table =
          new Report.Table(
              "submitted",
              "tasks a run",
              "submitted/s",
              "completed/s, end to end",
              "runs",
              "CPU server / generator");
      throughput(session, server, 1, table);
      throughput(session, server, LIST, table);
      session
          .report()
          .section(
              "Ping tasks",
              """
              `POST /v1/tasks`, %d clients, closed loop, median (min–max). End to end is from the
              first request to the last task's `finished_at`, every task looked up afterwards and
              found completed.
              """
                  .formatted(CLIENTS),
              table);
      latency(session, server);
    }
  }

  private static void throughput(Session session, Server server, int list, Report.Table table)
      throws Exception {
    session.say("ping, warm-up");
    long start = System.nanoTime();
    Round warmUp = round(server, TASK, list, WARM_UP);
    while (System.nanoTime() - start < session.plan().warmUp().toNanos()) {
      warmUp = round(server, TASK, list, WARM_UP);
    }
    double seconds = session.plan().span().toNanos() / 1e9;
    int tasks = (int) Math.clamp(warmUp.completed() * seconds, WARM_UP, MAX_TASKS);
    tasks -= tasks % list;
    List<Round> rounds = new ArrayList<>();
    for (int i = 0; i < session.plan().rounds(); i++) {
      session.say("ping, " + list + " a request, run " + (i + 1));
      rounds.add(round(server, TASK, list, tasks));
    }
    Spread completed = Spread.of(rounds.stream().map(Round::completed).toList());
    String how = list == 1 ? "one a request" : "lists of " + list;
    session.report().aim(Aim.atLeast("ping tasks, " + how, AIM, "tasks/s"), completed.median());
    Cpu.Share cpu = rounds.getLast().cpu();
    table.row(
        how,
        tasks,
        Spread.of(rounds.stream().map(Round::submitted).toList()).text(0),
        completed.text(0),
        rounds.size(),
        Format.cpu(cpu));
  }

  /** Rates in tasks a second. */
  record Round(double submitted, double completed, Cpu.Share cpu) {}

  /** Submits so many of the task, waits for their ends and looks each of them up. */
  static Round round(Server server, String task, int list, int tasks) throws Exception {
    return round(server, task, list, tasks, () -> {});
  }

  /**
   * The same.
   *
   * @param ended told when the task submitted last has ended, before all of them are looked up
   */
  static Round round(Server server, String task, int list, int tasks, Runnable ended)
      throws Exception {
    String body = list == 1 ? task : list(task, list);
    List<byte[]> requests = Collections.nCopies(tasks / list, server.post("/v1/tasks", body));
    Load.Result result = Load.closed(server.uri(), server.cpu(), requests, CLIENTS);
    List<String> ids = new ArrayList<>();
    for (byte[] reply : result.replies()) {
      ids.addAll(ids(reply));
    }
    if (ids.size() != requests.size() * list) {
      throw new IllegalStateException(ids.size() + " tasks were accepted, not " + tasks);
    }
    double end = lastFinished(server, ids, ended);
    double start = result.began().toEpochMilli() / 1e3;
    return new Round(result.perSecond(ids.size()), ids.size() / (end - start), result.cpu());
  }

  static String list(String task, int count) {
    return "[" + String.join(",", Collections.nCopies(count, task)) + "]";
  }

  /** The ids of the tasks that a submit was answered with, each of them accepted. */
  static List<String> ids(byte[] reply) throws IOException {
    JsonNode json = Api.JSON.readTree(reply);
    if (!json.has("data")) {
      return List.of(json.path("id").asText());
    }
    List<String> ids = new ArrayList<>();
    for (JsonNode task : json.path("data")) {
      if (!task.has("id")) {
        throw new IOException("a task of a list was refused: " + task);
      }
      ids.add(task.path("id").asText());
    }
    return ids;
  }

  /** Waits until all are completed; returns when the last one was, in Unix seconds. */
  private static double lastFinished(Server server, List<String> ids, Runnable ended)
      throws Exception {
    boolean told = false;
    long start = System.nanoTime();
    double last = 0;
    List<String> open = new ArrayList<>(ids);
    try (var connection = new Connection(server.uri())) {
      while (!open.isEmpty()) {
        if (System.nanoTime() - start > END_LIMIT.toNanos()) {
          throw new IllegalStateException(open.size() + " tasks have not ended");
        }
        // Looking at one costs the server next to nothing while it works on the others.
        JsonNode sample =
            Api.JSON.readTree(connection.ask(server.get("/v1/tasks/" + open.getLast())));
        if (!completed(sample)) {
          TimeUnit.MILLISECONDS.sleep(POLL_MS);
          continue;
        }
        if (!told) {
          ended.run();
          told = true;
        }
        List<byte[]> looks = open.stream().map(id -> server.get("/v1/tasks/" + id)).toList();
        List<String> still = new ArrayList<>();
        for (byte[] reply : Load.closed(server.uri(), server.cpu(), looks, LOOKERS).replies()) {
          JsonNode task = Api.JSON.readTree(reply);
          if (completed(task)) {
            last = Math.max(last, task.path("finished_at").asDouble());
          } else {
            still.add(task.path("id").asText());
          }
        }
        open = still;
      }
    }
    return last;
  }

  static boolean completed(JsonNode task) {
    return switch (task.path("status").asText()) {
      case "completed" -> true;
      case "pending", "processing" -> false;
      default -> throw new IllegalStateException("a ping did not complete: " + task);
    };
  }

  private static void latency(Session session, Server server) throws Exception {
    session.say("ping, one at a time");
    int count = session.plan().pairs() * LATENCIES_PER_PAIR;
    byte[] request = server.post("/v1/tasks", WAITING);
    Load.Result result =
        Load.closed(server.uri(), server.cpu(), Collections.nCopies(count, request), 1);
    for (byte[] reply : result.replies()) {
      if (!completed(Api.JSON.readTree(reply))) {
        throw new IllegalStateException(
            "no result in time: " + new String(reply, StandardCharsets.UTF_8));
      }
    }
    Histogram latency = result.latency();
    var table = new Report.Table("submit to result", "p50 ms", "p99 ms", "max ms", "requests");
    table.row(
        "one at a time",
        Format.millis(latency.getValueAtPercentile(50)),
        Format.millis(latency.getValueAtPercentile(99)),
        Format.millis(latency.getMaxValue()),
        count);
    session
        .report()
        .section(
            "Ping, submit to result",
            """
            One client sends `POST /v1/tasks` with `wait_seconds` and gets the result in the reply;
            then it sends the next.
            """,
            table);
  }
}
