package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Brokers;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Cpu;
import dev.penstock.bench.Load;
import dev.penstock.bench.Nodes;
import dev.penstock.bench.Paced;
import dev.penstock.bench.Server;
import dev.penstock.bench.Turns;
import dev.penstock.bench.bare.BareRabbit;
import dev.penstock.bench.peers.Peer;
import dev.penstock.bench.peers.PeerPrograms;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.CpuShares;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.PenstockProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tasks submitted over HTTP, one a request, that nobody works on: to Penstock, to FastAPI before
 * Celery, and to a server that does nothing with them.
 */
final class HttpSubmits implements AutoCloseable {
  static final String PENSTOCK = "Penstock on RabbitMQ and Redis";
  static final String FASTAPI = "FastAPI before Celery";
  static final String EMPTY = "a server with nothing behind it";

  private static final String CELERY_QUEUE = "celery";
  private static final String SERVER = "server";
  private static final int LEAST = 320;
  private static final int MOST = 8_000;
  private static final int UVICORNS = 2;
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration COUNTED = Duration.ofSeconds(10);

  private final Brokers brokers;
  private final Server front;
  private final Peer fastApi;
  private final URI fastApiUri;
  private final Peer empty;
  private final URI emptyUri;
  private final Turns turns = new Turns();
  private final Map<String, Map<String, Double>> cpu = new LinkedHashMap<>();
  private long depth;

  HttpSubmits(PeerPrograms programs, Brokers brokers, Server front) throws Exception {
    this.brokers = brokers;
    this.front = front;
    depth = depth();
    int port = FreePort.next();
    fastApiUri = URI.create("http://127.0.0.1:" + port);
    fastApi =
        programs.python(
            Map.of("PEER_RESULTS", "no"),
            "uvicorn",
            "fastapi_submit:app",
            "--port=" + port,
            "--workers=" + UVICORNS,
            "--loop=uvloop",
            "--http=httptools",
            "--no-access-log",
            "--log-level=warning");
    int other = FreePort.next();
    emptyUri = URI.create("http://127.0.0.1:" + other);
    try {
      empty = programs.java(EmptyServer.class, Integer.toString(other));
    } catch (Exception | Error e) {
      fastApi.close();
      throw e;
    }
    try {
      empty.answer(START);
      Await.until("FastAPI is ready", START, this::fastApiReady);
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  private boolean fastApiReady() throws IOException {
    fastApi.requireAlive();
    try (var connection = new Connection(fastApiUri)) {
      return connection.exchange(Connection.get(fastApiUri, PenstockProcess.KEY, "/ready")) == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * @param time what the two on the JVM need before they are at their best
   */
  void warmUp(Duration span, Duration time) throws Exception {
    turns.add(PENSTOCK, new Paced(span, LEAST, MOST, this::penstock).warmUp(time));
    turns.add(FASTAPI, new Paced(span, LEAST, MOST, this::fastApi).warmUp(time.dividedBy(4)));
    turns.add(EMPTY, new Paced(span, LEAST, 2 * MOST, this::empty).warmUp(time.dividedBy(2)));
  }

  Turns turns() {
    return turns;
  }

  /** All that was submitted is there: nothing takes it away. */
  private double penstock(int tasks) throws Exception {
    Load.Result result =
        load(
            PENSTOCK,
            front.uri(),
            "/v1/tasks",
            ProcessHandle.of(front.pid()).stream().toList(),
            tasks);
    depth += ids(result, tasks);
    Await.until("Penstock has " + depth + " tasks", COUNTED, () -> depth() == depth);
    return result.perSecond(tasks);
  }

  private long depth() throws IOException {
    return Api.JSON.readTree(front.ask(front.get("/v1/queues/ping"))).path("depth").asLong();
  }

  private double fastApi(int tasks) throws Exception {
    Load.Result result = load(FASTAPI, fastApiUri, "/tasks", fastApi.processes(), tasks);
    int accepted = ids(result, tasks);
    int there = BareRabbit.purge(brokers.rabbitPort(), CELERY_QUEUE);
    if (there != accepted) {
      throw new IllegalStateException(there + " tasks in Celery's queue, not " + accepted);
    }
    return result.perSecond(tasks);
  }

  private double empty(int tasks) throws Exception {
    return load(EMPTY, emptyUri, "/tasks", empty.processes(), tasks).perSecond(tasks);
  }

  private Load.Result load(
      String name, URI uri, String path, List<ProcessHandle> processes, int tasks)
      throws Exception {
    byte[] request =
        Connection.post(
            uri, PenstockProcess.KEY, path, PingPart.TASK.getBytes(StandardCharsets.UTF_8));
    var shares =
        new CpuShares(
            Map.of(
                SERVER,
                processes,
                Nodes.RABBITMQ,
                brokers.rabbitProcesses(),
                Nodes.REDIS,
                brokers.redisProcesses()));
    var server = new Cpu(processes.getFirst().pid());
    CpuShares.Mark mark = shares.mark();
    Load.Result result =
        Load.closed(uri, server, Collections.nCopies(tasks, request), PingPart.CLIENTS);
    cpu.put(name, shares.since(mark));
    return result;
  }

  /** Every reply has an id of its own. */
  private static int ids(Load.Result result, int tasks) throws IOException {
    Set<String> ids = new HashSet<>();
    for (byte[] reply : result.replies()) {
      JsonNode json = Api.JSON.readTree(reply);
      if (!json.path("id").isTextual()) {
        throw new IOException("no id: " + new String(reply, StandardCharsets.UTF_8));
      }
      ids.add(json.path("id").asText());
    }
    if (ids.size() != tasks) {
      throw new IllegalStateException(ids.size() + " ids for " + tasks + " tasks");
    }
    return ids.size();
  }

  void report(Report report) {
    report.aim(
        Aim.atLeast("submits over HTTP, of FastAPI before Celery", 5, "×"),
        turns.ratio(PENSTOCK, FASTAPI).median());
    var table =
        new Report.Table(
            "submitted to",
            "× FastAPI before Celery",
            "% of the empty server",
            "submitted/s",
            "runs",
            "CPU generator / server / RabbitMQ / Redis");
    for (String name : List.of(PENSTOCK, FASTAPI, EMPTY)) {
      Map<String, Double> used = cpu.getOrDefault(name, Map.of());
      table.row(
          name,
          turns.ratio(name, FASTAPI).text(2),
          turns.percent(name, EMPTY).text(0),
          turns.of(name).text(0),
          turns.rounds(),
          String.join(
              " / ",
              List.of(CpuShares.GENERATOR, SERVER, Nodes.RABBITMQ, Nodes.REDIS).stream()
                  .map(group -> Format.percent(used.getOrDefault(group, 0.0)))
                  .toList()));
    }
    report.section(
        "Submits over HTTP, nobody works",
        """
        One task a request, %d clients, closed loop, the same load for all: a Penstock node without
        workers; FastAPI under uvicorn (%d workers, uvloop, httptools) with an endpoint that calls
        `apply_async`, confirmed by RabbitMQ, in FastAPI's thread pool; and a Vert.x server that
        reads the request and has one answer to all. Every id in a reply is another one, and the
        queues are counted afterwards. CPU is the part of the whole machine's, in the last round.
        """
            .formatted(PingPart.CLIENTS, UVICORNS),
        table);
  }

  @Override
  public void close() {
    fastApi.close();
    empty.close();
  }
}
