package dev.penstock.api.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.TestServer;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class WorkerLeasesTest {
  private static final String LANES =
      "\"worker\":\"w\",\"lanes\":[\"ping\",\"embedding.all-minilm-l6-v2\",\"embedding.bge-small-en-v1.5-q\"]";
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private TestServer server;

  /** What was leased, by whichever lane. */
  private final Map<TaskId, LeasedTask> given = new ConcurrentHashMap<>();

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private LeasedTask task(Lane lane, int bytes, int lost) {
    TaskId id = TaskId.random();
    byte[] input = ("\"" + "x".repeat(bytes - 2) + "\"").getBytes(UTF_8);
    var spec =
        new TaskSpec(
            id,
            new TaskSpec.Work(lane, Priority.TASK, input, null),
            new TaskSpec.Limits(3, Duration.ofMinutes(1)),
            new Retention(Duration.ZERO, Duration.ZERO),
            new TaskSpec.Origin("owner", Map.of(), null, null));
    Instant now = Instant.now();
    var task = new Task(spec, TaskState.PROCESSING, 0, lost, null, now, now, null, "w", null, null);
    var leased = new LeasedTask(task, new Lease(id, "token", now.plusSeconds(30)));
    given.put(id, leased);
    return leased;
  }

  /** A lane that always has as much as is asked for, as a queue gives it. */
  private Leased full(LeaseTasks request, int bytes) {
    List<LeasedTask> tasks = new ArrayList<>();
    while (tasks.size() < request.tasks()
        && (tasks.isEmpty() || (tasks.size() + 1L) * bytes <= request.bytes())) {
      tasks.add(task(request.lane(), bytes, request.suspects() == Suspects.TAKE ? 1 : 0));
    }
    return new Leased(tasks, false);
  }

  private List<JsonNode> lease(String members) throws Exception {
    var reply = server.post("/v1/worker/lease", "{" + LANES + members + "}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    List<JsonNode> leases = new ArrayList<>();
    TestServer.json(reply).path("leases").forEach(leases::add);
    return leases;
  }

  /** All that was leased and is not in the reply has gone back, uncounted. */
  private void restGoesBack(List<JsonNode> leases) throws Exception {
    Set<String> kept =
        leases.stream().map(each -> each.at("/task/id").asText()).collect(Collectors.toSet());
    assertThat(kept).hasSameSizeAs(leases);
    Set<TaskId> rest =
        given.keySet().stream()
            .filter(id -> !kept.contains(id.value()))
            .collect(Collectors.toSet());
    Await.until(
        "the rest has gone back",
        LIMIT,
        () ->
            server.dispatcher.settled.stream()
                .map(SettleTask::id)
                .collect(Collectors.toSet())
                .equals(rest));
    assertThat(server.dispatcher.settled)
        .allSatisfy(
            each -> assertThat(each.outcome()).isEqualTo(new Outcome.Postpone(Duration.ZERO)));
  }

  @Test
  void aReplyHasNoMoreTasksThanWereAskedForOverAllLanes() throws Exception {
    server.dispatcher.leases = request -> full(request, 10);
    for (int max : new int[] {1, 2, 5, 7}) {
      assertThat(lease(",\"max\":" + max)).hasSize(max);
    }
    assertThat(lease("")).hasSize(1);
    assertThat(given).hasSize(16);
  }

  @Test
  void lanesThatGetWorkAtTheSameMomentShareTheRoom() throws Exception {
    var together = new CyclicBarrier(3);
    server.dispatcher.leases =
        request -> {
          if (request.patience().isZero()) {
            return new Leased(List.of(), false);
          }
          try {
            together.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return full(request, 10);
        };
    List<JsonNode> leases = lease(",\"max\":2,\"wait_seconds\":5");
    assertThat(leases).hasSizeBetween(1, 2);
    assertThat(given).hasSize(6);
    restGoesBack(leases);
  }

  @Test
  void theBytesOfAReplyAreBoundOverAllLanes() throws Exception {
    server.dispatcher.leases = request -> full(request, 1_000);
    assertThat(lease(",\"max\":256,\"max_bytes\":10500")).hasSize(10);
    // One comes in any case, and only one.
    assertThat(lease(",\"max\":256,\"max_bytes\":1")).hasSize(1);
  }

  @Test
  void aTaskThatIsTooLargeForWhatIsLeftOfTheReplyGoesBack() throws Exception {
    server.dispatcher.leases =
        request -> new Leased(List.of(task(request.lane(), 600, 0)), false); // in any case
    List<JsonNode> leases = lease(",\"max\":3,\"max_bytes\":1000");
    assertThat(leases).hasSize(1);
    restGoesBack(leases);
  }

  @Test
  void lanesOwnBoundsAddUpToTheReplys() throws Exception {
    server.dispatcher.leases = request -> full(request, 1_000);
    String lanes =
        """
        {"worker":"w","lanes":[{"lane":"ping","max":4,"max_bytes":2000},
          {"lane":"embedding.all-minilm-l6-v2","max":3,"max_bytes":9000}]%s}
        """;
    assertThat(TestServer.json(server.post("/v1/worker/lease", lanes.formatted(""))).path("leases"))
        .hasSize(5);
    assertThat(
            TestServer.json(server.post("/v1/worker/lease", lanes.formatted(",\"max_bytes\":4000")))
                .path("leases"))
        .hasSize(4);
  }

  @Test
  void aSuspectComesAlone() throws Exception {
    server.dispatcher.leases = request -> full(request, 10);
    assertThat(lease(",\"suspects\":\"take\"")).hasSize(1);
    var mixed =
        server.post(
            "/v1/worker/lease",
            """
            {"worker":"w","lanes":[{"lane":"ping","max":5},
              {"lane":"embedding.all-minilm-l6-v2","max":1,"suspects":"take"}]}
            """);
    assertThat(TestServer.json(mixed).path("leases")).hasSize(1);
  }
}
