package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import dev.penstock.testing.TcpProxy;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers over HTTP that stop, leave or start anew: leases last far longer than these tests. */
final class RemoteStopIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int TRIES = 5;

  @SuppressWarnings("NullAway.Init") // Started before all tests.
  private static PenstockProcess penstock;

  @SuppressWarnings("NullAway.Init") // Opened before all tests.
  private static Api api;

  @TempDir Path folder;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    penstock =
        PenstockProcess.start(
            folder,
            Map.of("MODEL_TYPE", "embedding", "LEASE_DURATION", "5m", "LEASE_EXTEND_EVERY", "1m"));
    api = penstock.api();
  }

  @AfterAll
  static void stop() {
    api.close();
    penstock.close();
  }

  @BeforeEach
  void clearTasks() throws Exception {
    api.clearTasks();
  }

  private static String submit() throws Exception {
    return api.post("/v1/tasks", "{\"type\":\"ping\"}").json().path("id").asText();
  }

  private static String status(String id) throws Exception {
    return api.get("/v1/tasks/" + id).json().path("status").asText();
  }

  /** Whether it comes to that soon: it need not. */
  private static boolean becomes(String id, String status) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
    while (System.nanoTime() < until) {
      if (status(id).equals(status)) {
        return true;
      }
    }
    return false;
  }

  /** A task that is leased to the worker, which has not heard of it: the network is cut. */
  private static String onItsWay(TcpProxy network) throws Exception {
    for (int tries = 0; tries < TRIES; tries++) {
      network.cut();
      String id = submit();
      if (becomes(id, "processing")) {
        return id;
      }
      // No poll was held just then.
      network.mend();
      Await.until("it is done", LIMIT, () -> status(id).equals("completed"));
    }
    throw new AssertionError("the worker never held a poll");
  }

  private static void neverLeased(String id) throws Exception {
    Await.until("it has gone back", LIMIT, () -> status(id).equals("pending"));
    JsonNode task = api.get("/v1/tasks/" + id).json();
    assertThat(task.path("lost").asInt()).isZero();
    assertThat(task.path("attempts").asInt()).isZero();
  }

  @Test
  void aLeaseThatIsOnItsWayGoesBackAtAStop() throws Exception {
    try (var network = new TcpProxy(penstock.uri().getPort());
        var worker = WorkerFarAway.start(folder, network.uri(), "stops")) {
      assertThat(worker.output()).doesNotContain("clear text");
      String id = onItsWay(network);
      var ended = CompletableFuture.supplyAsync(() -> terminate(worker));
      worker.awaitOutput("stopping: no new work");
      network.mend();
      assertThat(ended.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).as(worker.output()).isZero();
      neverLeased(id);
      Await.until(
          "nobody looks out for it", LIMIT, () -> penstock.log().contains("stops has left"));
      assertThat(api.get("/v1/workers").raw().body()).doesNotContain("\"stops\"");
    }
  }

  @Test
  void aStopWithoutANetworkIsBounded() throws Exception {
    try (var network = new TcpProxy(penstock.uri().getPort());
        var worker = WorkerFarAway.start(folder, network.uri(), "cut-off")) {
      network.cut();
      long asked = System.nanoTime();
      assertThat(worker.terminate()).as(worker.output()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(20));
    }
  }

  private static int terminate(Program worker) {
    try {
      return worker.terminate();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whoClosesTheConnectionBeforeTheReplyGetsNothing() throws Exception {
    String poll = "{\"worker\":\"%s\",\"lanes\":[\"ping\"],\"wait_seconds\":%d}";
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), penstock.uri().getPort())) {
      String body = poll.formatted("leaves", 30);
      String head =
          "POST /v1/worker/lease HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
              + "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
                  .formatted(PenstockProcess.KEY, body.length());
      socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
      Await.until(
          "its poll is held",
          LIMIT,
          () -> api.get("/v1/workers").raw().body().contains("\"leaves\""));
    }
    String id = submit();
    JsonNode next = api.post("/v1/worker/lease", poll.formatted("next", 20)).json();
    assertThat(next.at("/leases/0/task/id").asText()).isEqualTo(id);
    assertThat(next.at("/leases/0/task/lost").asInt()).isZero();
    assertThat(next.at("/leases/0/task/attempts").asInt()).isZero();
  }

  @Test
  void aWorkerThatStartsAnewIsNotDrainedByAnOldOrder() throws Exception {
    try (var first = WorkerFarAway.start(folder, penstock.uri(), "steady")) {
      Await.until(
          "it is known", LIMIT, () -> api.get("/v1/workers").raw().body().contains("\"steady\""));
      assertThat(api.post("/v1/workers/steady/drain", "").status()).isEqualTo(202);
      first.awaitOutput("told to drain");
      assertThat(first.terminate()).isZero();
    }
    try (var _ = WorkerFarAway.start(folder, penstock.uri(), "steady")) {
      String id = submit();
      Await.until("it runs", LIMIT, () -> status(id).equals("completed"));
      Await.until(
          "it is not shown as draining",
          LIMIT,
          () -> {
            for (JsonNode one : api.get("/v1/workers").json().path("data")) {
              if (one.path("id").asText().equals("steady")) {
                return !one.path("draining").asBoolean();
              }
            }
            return false;
          });
    }
  }
}
