package dev.penstock.api;

import static dev.penstock.storage.GoldenTasks.EMBEDDING;
import static dev.penstock.storage.GoldenTasks.MINIMAL;
import static dev.penstock.storage.GoldenTasks.PING;
import static dev.penstock.storage.GoldenTasks.RICH;
import static dev.penstock.storage.GoldenTasks.TOKENS;
import static dev.penstock.storage.GoldenTasks.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.WorkerLeft;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import dev.penstock.testing.Golden;
import dev.penstock.testing.WorkerTalk;
import dev.penstock.testing.WorkerTalk.Said;
import dev.penstock.types.embedding.TestEmbeddings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Today's server answers the requests of a worker of version 0.1.0 as that version's did. */
@Timeout(60)
final class OldWorkerTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Instant STARTED = Instant.parse("2026-01-02T03:04:05.678Z");

  private final List<LeaseTasks> leases = new CopyOnWriteArrayList<>();
  private final List<ExtendLeases> extended = new CopyOnWriteArrayList<>();
  private final List<WorkerFigures> seen = new CopyOnWriteArrayList<>();
  private final List<WorkerLeft> left = new CopyOnWriteArrayList<>();
  private final List<DrainWorker> drained = new CopyOnWriteArrayList<>();

  @SuppressWarnings("NullAway.Init") // Started before each test.
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
    var nothing = server.dispatcher.leases;
    server.dispatcher.leases =
        request -> {
          leases.add(request);
          if (request.least().compareTo(Priority.TASK) > 0) {
            return nothing.apply(request);
          }
          return request.lane().equals(PING)
              ? new Leased(List.of(leased(MINIMAL, "token-c")), false)
              : new Leased(List.of(leased(RICH, "token-a"), leased(TOKENS, "token-b")), true);
        };
    server.bus.serve(
        ExtendLeases.class,
        request -> {
          extended.add(request);
          return request.held().isEmpty() ? Set.of() : Set.of(TOKENS.id(), MINIMAL.id());
        });
    server.bus.listenAll(WorkerSeen.class, event -> seen.add(event.worker()));
    server.bus.listenAll(WorkerLeft.class, left::add);
    server.bus.listenAll(DrainWorker.class, drained::add);
    server.dispatcher.tasks.put(RICH.id(), task(RICH, TaskState.PROCESSING));
    server.dispatcher.tasks.put(TOKENS.id(), task(TOKENS, TaskState.CANCELLED));
    server.dispatcher.tasks.put(MINIMAL.id(), task(MINIMAL, TaskState.PROCESSING));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private static Task task(TaskSpec spec, TaskState state) {
    return new Task(spec, state, 1, 2, null, STARTED, null, null, null, null, null);
  }

  private static LeasedTask leased(TaskSpec spec, String token) {
    return new LeasedTask(
        task(spec, TaskState.PROCESSING), new Lease(spec.id(), token, STARTED.plusSeconds(30)));
  }

  @Test
  void itIsAnsweredAsItWasAndItsRequestsAreUnderstood() throws Exception {
    Map<String, Said> replies = new LinkedHashMap<>();
    for (var request : WorkerTalk.read(WorkerTalk.REQUESTS).entrySet()) {
      Said said = request.getValue();
      var reply = server.post(said.head(), said.body());
      replies.put(
          request.getKey(), new Said(Integer.toString(reply.statusCode()), reply.body().strip()));
      assertThat(TestServer.header(reply, "Content-Type")).startsWith("application/json");
    }
    if (Golden.writes()) {
      Golden.check(WorkerTalk.REPLIES, WorkerTalk.write(replies));
    }
    assertThat(WorkerTalk.masked(WorkerTalk.write(replies)))
        .isEqualTo(WorkerTalk.masked(Golden.text(WorkerTalk.REPLIES)));
    checkLeases();
    checkExtends();
    checkSettles();
    checkFigures();
  }

  private void checkLeases() {
    LeaseTasks embedding = leases.getFirst();
    assertThat(embedding.worker()).isEqualTo("old-1");
    assertThat(embedding.lane()).isEqualTo(EMBEDDING);
    assertThat(embedding.tasks()).isEqualTo(8);
    assertThat(embedding.bytes()).isEqualTo(1 << 20);
    assertThat(embedding.least()).isEqualTo(Priority.LOWEST);
    assertThat(embedding.suspects()).isEqualTo(Suspects.SHOW);
    assertThat(leases)
        .anySatisfy(alone -> {
          assertThat(alone.lane()).isEqualTo(PING);
          assertThat(alone.suspects()).isEqualTo(Suspects.TAKE);
          assertThat(alone.tasks()).isEqualTo(1);
        })
        .anySatisfy(urgent -> {
          assertThat(urgent.least()).isEqualTo(Priority.HELD);
          assertThat(urgent.suspects()).isEqualTo(Suspects.LEAVE);
        });
  }

  private void checkExtends() {
    assertThat(extended)
        .containsExactly(
            new ExtendLeases(
                "old-1",
                List.of(
                    new HeldLease(RICH.id(), "token-a", new Progress(3, 10, "three of ten, ü")),
                    new HeldLease(TOKENS.id(), "token-b", null),
                    new HeldLease(MINIMAL.id(), "token-c", null))));
  }

  private void checkSettles() {
    List<SettleTask> settled = server.dispatcher.settled;
    assertThat(settled)
        .extracting(SettleTask::id)
        .containsExactly(RICH.id(), MINIMAL.id(), RICH.id(), RICH.id(), RICH.id())
        .doesNotContain(id("n"));
    assertThat(settled)
        .extracting(SettleTask::token)
        .containsExactly(
            "token-done-vectors",
            "token-done-json",
            "token-retry",
            "token-reject",
            "token-postpone");
    TaskOutput vectors = ((Outcome.Done) settled.get(0).outcome()).output();
    assertThat(vectors.format()).isEqualTo(TaskOutput.Format.EMBEDDINGS);
    TestEmbeddings.Read embeddings = TestEmbeddings.read(vectors);
    assertThat(embeddings.vectors()).hasSize(2);
    assertThat(embeddings.dimensions()).isEqualTo(384);
    assertThat(embeddings.promptTokens()).isEqualTo(7);
    assertThat(embeddings.truncated()).isEqualTo(1);
    assertThat(embeddings.vectors().get(0)).startsWith(1, 1f / 2, 1f / 3).endsWith(1f / 384);
    assertThat(embeddings.vectors().get(1)).startsWith(0, -1, -2).endsWith(-383);
    TaskOutput json = ((Outcome.Done) settled.get(1).outcome()).output();
    assertThat(json.format()).isEqualTo(TaskOutput.Format.JSON);
    assertThat(new String(json.bytes(), StandardCharsets.UTF_8))
        .isEqualTo("{\"is\": [1.10, \"ü\", null]}");
    assertThat(settled.subList(2, 5))
        .extracting(SettleTask::outcome)
        .containsExactly(
            new Outcome.Retry(new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw")),
            new Outcome.Reject(new TaskError(TaskError.Code.INVALID_INPUT, "ü is none")),
            new Outcome.Postpone(Duration.ofMillis(1_500)));
  }

  private void checkFigures() throws Exception {
    Await.until("it is seen to have left", LIMIT, () -> !left.isEmpty());
    assertThat(left.getFirst().worker()).isEqualTo("old-1");
    assertThat(left.getFirst().startedAt()).isNotNull();
    assertThat(drained).contains(new DrainWorker("old-1", left.getFirst().startedAt()));
    WorkerFigures figures =
        seen.stream()
            .filter(each -> each.report().device().equals("cuda:0"))
            .findFirst()
            .orElseThrow();
    assertThat(figures.node()).isEqualTo("old-1");
    assertThat(figures.report().host()).isEqualTo("rack-7");
    assertThat(figures.lanes()).containsExactlyInAnyOrder(EMBEDDING, PING);
    assertThat(figures.report().running()).isEqualTo(3);
    assertThat(figures.report().done()).isEqualTo(1L << 40);
    assertThat(figures.report().failed()).isEqualTo(5);
    assertThat(figures.report().batches()).isEqualTo(new Batches(6, 70));
    assertThat(figures.report().memory()).isEqualTo(1L << 33);
    assertThat(figures.report().version()).isEqualTo("0.1.0");
  }
}
