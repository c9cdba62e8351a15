package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.bench.Session;
import dev.penstock.bench.Turns;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A task made of tasks: a ping with many children, beside a client that sends as many itself. */
public final class ChildrenPart implements Part {
  private static final int WINDOW = 64;
  private static final int MANY = 50_000;
  private static final int MANY_QUICKLY = 5_000;
  private static final int PLAIN = 4_000;
  private static final int PLAIN_QUICKLY = 1_500;
  private static final Duration KILL_EVERY = Duration.ofSeconds(10);
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final long LOOK_MS = 20;
  private static final double AIM = 80;

  /** A heap that many children fit into only if each is let go. */
  private static final String HEAP = "-Xmx96m";

  @Override
  public void run(Session session) throws Exception {
    try (Server server = Server.start(session.scratch(), pings())) {
      rates(session, server);
    }
    growth(session);
    kills(session);
  }

  /** No model is needed. */
  private static Map<String, String> pings() {
    return Map.of("MODEL_TYPE", "ping");
  }

  private static void rates(Session session, Server server) throws Exception {
    int tasks = session.plan().isQuick() ? PLAIN_QUICKLY : PLAIN;
    var turns = new Turns();
    turns.add("family", () -> family(server, tasks));
    turns.add("client", () -> client(server, tasks));
    session.say("children, warm-up");
    long start = System.nanoTime();
    do {
      family(server, tasks);
      client(server, tasks);
    } while (System.nanoTime() - start < session.plan().warmUp().toNanos());
    for (int i = 0; i < session.plan().rounds(); i++) {
      session.say("children, round " + (i + 1));
      turns.round();
    }
    var ratio = turns.percent("family", "client");
    session
        .report()
        .aim(
            Aim.atLeast("children of a task, of pings that a client sends", AIM, "%"),
            ratio.median());
    var table = new Report.Table("who asks for them", "tasks/s", "of the client's, in %", "rounds");
    table.row(
        "a parent, " + WINDOW + " in flight",
        turns.of("family").text(0),
        ratio.text(1),
        turns.rounds());
    table.row("a client, " + WINDOW + " in flight", turns.of("client").text(0), "", turns.rounds());
    session
        .report()
        .section(
            "Children beside a client's tasks",
            """
            One server, in turns: a ping with %,d children of which %d are in flight, from its
            submit to its result, and %d connections that each send a ping with `wait_seconds` and
            the next one when they have its result, %,d in all. Median (min–max).
            """
                .formatted(tasks, WINDOW, WINDOW, tasks),
            table);
  }

  /** Children a second. */
  private static double family(Server server, int children) throws Exception {
    long start = System.nanoTime();
    String id = submit(server, children);
    JsonNode ended = await(server, id);
    check(ended, children);
    return children * 1e9 / (System.nanoTime() - start);
  }

  /** Tasks a second. */
  private static double client(Server server, int tasks) throws Exception {
    List<byte[]> requests =
        IntStream.range(0, tasks)
            .mapToObj(i ->
                server.post(
                    "/v1/tasks",
                    "{\"type\":\"ping\",\"input\":{\"n\":%d},\"wait_seconds\":10}".formatted(i)))
            .toList();
    Load.Result result = Load.closed(server.uri(), server.cpu(), requests, WINDOW);
    for (byte[] reply : result.replies()) {
      if (!PingPart.completed(Api.JSON.readTree(reply))) {
        throw new IllegalStateException("a ping had no result within its wait");
      }
    }
    return result.perSecond(tasks);
  }

  private static String task(int children, int sleepMs) {
    return "{\"type\":\"ping\",\"input\":{\"n\":1,\"children\":%d,\"window\":%d,\"sleep_ms\":%d}}"
        .formatted(children, WINDOW, sleepMs);
  }

  private static String submit(Server server, int children) throws IOException {
    byte[] request = server.post("/v1/tasks", task(children, 0));
    return Api.JSON.readTree(server.ask(request)).path("id").asText();
  }

  private static String submit(Api api, int children, int sleepMs) throws Exception {
    return api.post("/v1/tasks", task(children, sleepMs)).json().path("id").asText();
  }

  private static JsonNode await(Server server, String id) throws Exception {
    long until = System.nanoTime() + LIMIT.toNanos();
    while (System.nanoTime() < until) {
      JsonNode task = look(server, id);
      if (PingPart.completed(task)) {
        return task;
      }
      Thread.sleep(LOOK_MS);
    }
    throw new IllegalStateException("the parent has not ended within " + LIMIT);
  }

  private static JsonNode look(Server server, String id) throws IOException {
    return Api.JSON.readTree(server.ask(server.get("/v1/tasks/" + id)));
  }

  private static void check(JsonNode parent, int children) {
    JsonNode counted = parent.path("result").path("children");
    if (counted.path("completed").asInt() != children || counted.path("failed").asInt() != 0) {
      throw new IllegalStateException("not all children completed: " + counted);
    }
  }

  /** What is there after a tenth of the children, and after all of them. */
  private static void growth(Session session) throws Exception {
    int children = session.plan().isQuick() ? MANY_QUICKLY : MANY;
    Path scratch = Files.createTempDirectory(session.scratch(), "family");
    var table =
        new Report.Table(
            "children ended", "heap MB, the least seen", "resident MB", "store MB", "children/s");
    var settings = new HashMap<>(pings());
    settings.put("JAVA_TOOL_OPTIONS", HEAP);
    try (PenstockProcess process = PenstockProcess.startShipped(scratch, settings);
        Api api = process.api()) {
      String id = submit(api, children, 0);
      long start = System.nanoTime();
      double heap = Double.MAX_VALUE;
      int part = 1;
      JsonNode task;
      do {
        Thread.sleep(LOOK_MS * 5);
        task = api.get("/v1/tasks/" + id).json();
        heap = Math.min(heap, api.metric(Vitals.HEAP) / 1e6);
        long done =
            PingPart.completed(task) ? children : task.path("progress").path("done").asLong();
        if (done * 10 >= (long) part * children) {
          session.say("children, %,d of %,d".formatted(done, children));
          if (part == 1 || part == 5 || done == children) {
            table.row(
                "%,d".formatted(done),
                megabytes(heap),
                megabytes(MemoryPart.resident(process.pid())),
                megabytes(bytes(process.database()) / 1e6),
                "%.0f".formatted(done * 1e9 / (System.nanoTime() - start)));
          }
          part = (int) (done * 10 / children) + 1;
          heap = Double.MAX_VALUE;
        }
      } while (!PingPart.completed(task));
      check(task, children);
    }
    session
        .report()
        .section(
            "A family as it grows",
            """
            One ping with %,d children, %d in flight, under %s. The heap is the least that was seen
            since the row before; the store is the database file with its log.
            """
                .formatted(children, WINDOW, HEAP),
            table);
  }

  private static String megabytes(double megabytes) {
    return String.format(Locale.ROOT, "%.1f", megabytes);
  }

  private static long bytes(Path database) throws IOException {
    try (Stream<Path> files = Files.list(database.getParent())) {
      long bytes = 0;
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("penstock.db")).toList()) {
        bytes += Files.size(file);
      }
      return bytes;
    }
  }

  /** Kills the process again and again, and has the family end all the same. */
  private static void kills(Session session) throws Exception {
    int children = session.plan().isQuick() ? MANY_QUICKLY : MANY;
    Path scratch = Files.createTempDirectory(session.scratch(), "killed");
    var settings = new HashMap<>(pings());
    settings.putAll(PenstockProcess.SHORT_LEASES);
    var table = new Report.Table("children", "kills", "completed", "failed", "children/s");
    try (PenstockProcess process = PenstockProcess.startShipped(scratch, settings)) {
      long start = System.nanoTime();
      String id;
      try (Api api = process.api()) {
        id = submit(api, children, 20);
      }
      int kills = 0;
      JsonNode task = Api.JSON.createObjectNode();
      long next = System.nanoTime() + KILL_EVERY.toNanos();
      while (System.nanoTime() - start < LIMIT.toNanos()) {
        try (Api api = process.api()) {
          task = api.get("/v1/tasks/" + id).json();
        }
        if (PingPart.completed(task)) {
          break;
        }
        if (System.nanoTime() > next) {
          process.kill();
          process.restart();
          session.say(
              "children, kill %d, %s ended".formatted(++kills, task.path("progress").path("done")));
          next = System.nanoTime() + KILL_EVERY.toNanos();
        }
        Thread.sleep(LOOK_MS * 5);
      }
      check(task, children);
      JsonNode counted = task.path("result").path("children");
      table.row(
          "%,d".formatted(children),
          kills,
          counted.path("completed").asInt(),
          counted.path("failed").asInt(),
          "%.0f".formatted(children * 1e9 / (System.nanoTime() - start)));
    }
    session
        .report()
        .section(
            "A family under kill -9",
            """
            One ping with children that sleep 20 ms, %d in flight, leases of 2 s; the process is
            killed %d s after it is ready, over and over, and started again. The rate is over all of
            it.
            """
                .formatted(WINDOW, KILL_EVERY.toSeconds()),
            table);
  }
}
