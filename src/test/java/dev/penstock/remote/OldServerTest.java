package dev.penstock.remote;

import static dev.penstock.storage.GoldenTasks.EMBEDDING;
import static dev.penstock.storage.GoldenTasks.MINIMAL;
import static dev.penstock.storage.GoldenTasks.PING;
import static dev.penstock.storage.GoldenTasks.RICH;
import static dev.penstock.storage.GoldenTasks.TOKENS;
import static dev.penstock.storage.GoldenTasks.id;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.remote.RemoteDispatch.Meeting;
import dev.penstock.start.SettingGroups;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import dev.penstock.testing.Golden;
import dev.penstock.testing.WorkerTalk;
import dev.penstock.testing.WorkerTalk.Said;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.embedding.TestEmbeddings;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Today's remote worker against a server that answers as one of version 0.1.0 did. */
@Timeout(60)
final class OldServerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Instant STARTED = Instant.parse("2026-01-02T03:04:05.678Z");

  private final Vertx vertx = Vertx.vertx();
  private final Bus bus = Bus.over(vertx, "worker");
  private final Map<String, Said> asked = Collections.synchronizedMap(new LinkedHashMap<>());
  private Map<String, Said> replies = Map.of();
  private volatile String next = "hello";
  private volatile String heartbeat = "";

  @SuppressWarnings("NullAway.Init") // Started before the test.
  private HttpServer http;

  @BeforeEach
  void start() throws Exception {
    replies = WorkerTalk.read(WorkerTalk.REPLIES);
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    http.createContext("/v1/worker/", this::answer);
    http.start();
  }

  @AfterEach
  void stop() throws Exception {
    http.stop(0);
    vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private void answer(HttpExchange call) throws IOException {
    String body = new String(call.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String path = call.getRequestURI().getPath();
    assertThat(call.getRequestHeaders().getFirst("Authorization")).isEqualTo("Bearer key");
    assertThat(call.getRequestHeaders().getFirst("Content-Type")).isEqualTo("application/json");
    // A heartbeat comes when the machine is slow; what is said last comes whenever it will.
    String name =
        !path.endsWith("/extend") || !body.contains("\"leases\":[]")
            ? next
            : body.contains("\"stopping\":true")
                ? "stopping"
                : body.contains("\"stopped\":true") ? "stopped" : "hello";
    asked.putIfAbsent(name, new Said(path, body));
    if (name.equals("hello")) {
      heartbeat = body;
    }
    Said reply = requireNonNull(replies.get(name));
    byte[] bytes = reply.body().getBytes(StandardCharsets.UTF_8);
    call.sendResponseHeaders(Integer.parseInt(reply.head()), bytes.length);
    call.getResponseBody().write(bytes);
    call.close();
  }

  private Leased lease(String name, Lane lane, Priority least, Suspects suspects)
      throws InterruptedException {
    next = name;
    int most = suspects == Suspects.TAKE ? 1 : 8;
    var request =
        new LeaseTasks("old-1", lane, most, 1 << 20, least, suspects, Duration.ofSeconds(1));
    return bus.ask(request, LIMIT);
  }

  private SettleReply settle(String name, TaskId id, Outcome outcome) throws InterruptedException {
    next = name;
    boolean vectors =
        outcome instanceof Outcome.Done(var output)
            && output.format() == TaskOutput.Format.EMBEDDINGS;
    Lane lane = vectors ? new Lane("embedding", "all-minilm-l6-v2") : new Lane("ping", null);
    var settle = new SettleTask(id, lane, "token-" + name, outcome);
    return bus.ask(new SettleTasks(List.of(settle)), LIMIT).getFirst();
  }

  private static TaskOutput vectors() {
    float[][] rows = new float[2][384];
    for (int i = 0; i < 384; i++) {
      rows[0][i] = 1f / (i + 1);
      rows[1][i] = -i;
    }
    return TestEmbeddings.output(384, 7, 1, rows);
  }

  private static WorkerFigures figures() {
    return new WorkerFigures(
        "old-1",
        List.of("inference"),
        List.of(EMBEDDING, PING),
        STARTED,
        STARTED,
        false,
        new WorkerReport(
            "rack-7", "cuda:0", 3, 1L << 40, 5, new Batches(6, 70), 1L << 33, "0.1.0"));
  }

  private static void check(LeasedTask leased, TaskSpec spec, String token) {
    Task task = leased.task();
    assertThat(leased.lease().id()).isEqualTo(spec.id());
    assertThat(leased.lease().token()).isEqualTo(token);
    assertThat(leased.lease().deadline()).isEqualTo(STARTED.plusSeconds(30));
    assertThat(task.id()).isEqualTo(spec.id());
    assertThat(task.spec().lane()).isEqualTo(spec.lane());
    assertThat(task.spec().owner()).isEqualTo(spec.owner());
    assertThat(task.spec().priority()).isEqualTo(spec.priority());
    assertThat(task.spec().input()).isEqualTo(spec.input());
    assertThat(task.spec().maxAttempts()).isEqualTo(spec.maxAttempts());
    assertThat(task.spec().timeout()).isEqualTo(spec.timeout());
    assertThat(task.spec().metadata()).isEqualTo(spec.metadata());
    assertThat(task.state()).isEqualTo(TaskState.PROCESSING);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.lost()).isEqualTo(2);
    assertThat(task.createdAt()).isEqualTo(STARTED);
    assertThat(task.worker()).isEqualTo("old-1");
  }

  @Test
  void itIsAskedAsItWasAndItsAnswersAreUnderstood() throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + http.getAddress().getPort());
    var server = new RemoteServer(uri, "key", null);
    var met = (Meeting.Met) RemoteDispatch.meet(server, "old-1", Duration.ofMillis(1));
    assertThat(met.lease()).isEqualTo(Duration.ofSeconds(30));
    RemoteDispatch dispatch = met.dispatch();
    var types =
        new TaskTypes(TaskTypes.BUILT_IN, List.of(), SettingGroups.load(Map.of(), Map.of(), null));
    dispatch.serve(
        bus, (json, lane, output) -> types.find(lane.type()).orElseThrow().write(json, output));
    Await.until(
        "it says what it does",
        LIMIT,
        () -> {
          bus.tellAll(new WorkerSeen(figures()));
          bus.ask(new ExtendLeases("old-1", List.of()), LIMIT);
          return heartbeat.contains("rack-7");
        });
    talk();
    dispatch.stopLeasing();
    Await.until("it says that it stops", LIMIT, () -> asked.containsKey("stopping"));
    dispatch.close();
    if (Golden.writes()) {
      Golden.check(WorkerTalk.REQUESTS, WorkerTalk.write(asked));
    }
    Map<String, Said> expected = WorkerTalk.read(WorkerTalk.REQUESTS);
    assertThat(asked.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
    expected.forEach((name, said) -> {
      Said today = requireNonNull(asked.get(name));
      assertThat(today.head()).as(name).isEqualTo(said.head());
      assertThat(WorkerTalk.masked(today.body()))
          .as(name)
          .isEqualTo(WorkerTalk.masked(said.body()));
    });
  }

  private void talk() throws Exception {
    Leased embedding = lease("lease-embedding", EMBEDDING, Priority.LOWEST, Suspects.SHOW);
    assertThat(embedding.suspectWaiting()).isTrue();
    assertThat(embedding.tasks()).hasSize(2);
    check(embedding.tasks().get(0), RICH, "token-a");
    check(embedding.tasks().get(1), TOKENS, "token-b");
    Leased alone = lease("lease-alone", PING, Priority.LOWEST, Suspects.TAKE);
    assertThat(alone.suspectWaiting()).isFalse();
    check(alone.tasks().getFirst(), MINIMAL, "token-c");
    Leased urgent = lease("lease-urgent", PING, Priority.HELD, Suspects.LEAVE);
    assertThat(urgent.tasks()).isEmpty();

    next = "extend";
    var held =
        List.of(
            new HeldLease(RICH.id(), "token-a", new Progress(3, 10, "three of ten, ü")),
            new HeldLease(TOKENS.id(), "token-b", null),
            new HeldLease(MINIMAL.id(), "token-c", null));
    assertThat(bus.ask(new ExtendLeases("old-1", held), LIMIT))
        .containsExactlyInAnyOrder(TOKENS.id(), MINIMAL.id());

    assertThat(settle("done-vectors", RICH.id(), new Outcome.Done(vectors())))
        .isEqualTo(SettleReply.SETTLED);
    TaskOutput json = TaskOutput.json("{\"is\": [1.10, \"ü\", null]}");
    assertThat(settle("done-json", MINIMAL.id(), new Outcome.Done(json)))
        .isEqualTo(SettleReply.SETTLED);
    assertThat(settle("done-late", id("n"), new Outcome.Done(json))).isEqualTo(SettleReply.STALE);
    var threw = new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw");
    assertThat(settle("retry", RICH.id(), new Outcome.Retry(threw))).isEqualTo(SettleReply.SETTLED);
    assertThat(settle("reject", RICH.id(), Outcome.reject("ü is none")))
        .isEqualTo(SettleReply.SETTLED);
    assertThat(settle("postpone", RICH.id(), new Outcome.Postpone(Duration.ofMillis(1_500))))
        .isEqualTo(SettleReply.SETTLED);
  }
}
