package dev.penstock.bench;

import dev.penstock.bench.report.CpuShares;
import dev.penstock.testing.FreePort;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Penstock processes that share a RabbitMQ and a Redis; the first takes the requests. */
public final class Nodes implements AutoCloseable {
  public static final String HTTP = "http";
  public static final String WORKERS = "workers";
  public static final String RABBITMQ = "RabbitMQ";
  public static final String REDIS = "Redis";

  private static final Duration STOP = Duration.ofSeconds(20);

  private final Path scratch;
  private final Brokers brokers;
  private final String member;
  private final Server front;
  private final boolean alone;
  private final Deque<Server> workers = new ArrayDeque<>();
  private boolean closed;

  private Nodes(Path scratch, Brokers brokers, boolean alone) throws Exception {
    this.scratch = scratch;
    this.brokers = brokers;
    this.alone = alone;
    int port = FreePort.next();
    member = "127.0.0.1:" + port;
    Map<String, String> settings = new HashMap<>(brokers.settings());
    settings.put("CLUSTER", Boolean.toString(!alone));
    settings.put("CLUSTER_PORT", Integer.toString(port));
    settings.put("ROLES", alone ? "http,inference" : "http");
    settings.put("MODEL_TYPE", "ping");
    front = Server.start(scratch, settings);
  }

  /** A node with the role http alone, for workers to join. */
  public static Nodes withoutWorkers(Path scratch, Brokers brokers) throws Exception {
    return new Nodes(scratch, brokers, false);
  }

  /** A process with both roles and no cluster. */
  public static Nodes oneProcess(Path scratch, Brokers brokers) throws Exception {
    return new Nodes(scratch, brokers, true);
  }

  public void addWorker() throws Exception {
    Map<String, String> settings = new HashMap<>(brokers.settings());
    settings.put("CLUSTER", "true");
    settings.put("CLUSTER_PORT", Integer.toString(FreePort.next()));
    settings.put("CLUSTER_MEMBERS", member);
    settings.put("ROLES", "inference");
    settings.put("MODEL_TYPE", "ping");
    workers.push(Server.start(scratch, settings));
  }

  /** The newest one finishes what it has in hand and leaves. */
  public void removeWorker() throws Exception {
    try (Server last = workers.pop()) {
      last.terminate(STOP);
    }
  }

  public Server front() {
    return front;
  }

  /** As the tables call them. */
  public String name() {
    if (alone) {
      return "one process, both roles";
    }
    return switch (workers.size()) {
      case 0 -> "http, no worker";
      case 1 -> "http + 1 worker";
      default -> "http + " + workers.size() + " workers";
    };
  }

  /** What all of them, the brokers and the generator take of the machine. */
  public CpuShares cpu() {
    return new CpuShares(
        Map.of(
            HTTP,
            List.of(handle(front)),
            WORKERS,
            workers.stream().map(Nodes::handle).toList(),
            RABBITMQ,
            brokers.rabbitProcesses(),
            REDIS,
            brokers.redisProcesses()));
  }

  private static ProcessHandle handle(Server server) {
    return ProcessHandle.of(server.pid()).orElseThrow();
  }

  @Override
  public void close() throws IOException {
    end();
  }

  /** Ends them all; twice is fine. */
  public void end() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    while (!workers.isEmpty()) {
      workers.pop().close();
    }
    front.close();
  }
}
