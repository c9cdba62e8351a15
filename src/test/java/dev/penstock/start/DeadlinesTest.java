package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.TinyModel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole program with far more to do than it can at once. */
@Timeout(180)
final class DeadlinesTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String RUN = "penstock_batch_sequences_sum";
  private static final String SOME = "water flows down the hill and into the valley below ";

  @TempDir Path folder;

  private Node start(String... more) throws Exception {
    Map<String, String> all = new HashMap<>();
    all.put("api.port", "0");
    all.put("auth.token", PenstockProcess.KEY);
    all.put("data.dir", folder.resolve("data").toString());
    all.put("models.dir", TinyModel.models().toString());
    all.put("model.trial", "false");
    all.put("embedding.model", TinyModel.SLOW);
    all.put("inference.threads", "1");
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return Node.start(
        SettingGroups.load(all, Map.of(), null), Node.Ports.AS_THEY_ARE, Abilities.BUILT_IN);
  }

  private static Api api(Node node) {
    return new Api(node.uri(), PenstockProcess.KEY);
  }

  /** A task of that many texts, all its own. */
  private static String task(String name, int texts, int sentences, String more) {
    String input =
        IntStream.range(0, texts)
            .mapToObj(i -> "\"" + name + " " + i + " " + SOME.repeat(sentences) + "\"")
            .collect(Collectors.joining(","));
    return "{\"type\":\"embedding\",\"input\":[%s]%s}".formatted(input, more);
  }

  private static String submit(Api api, String task) throws Exception {
    Answer answer = api.post("/v1/tasks", task);
    assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
    return answer.json().path("id").asText();
  }

  private static JsonNode get(Api api, String id) throws Exception {
    return api.get("/v1/tasks/" + id).json();
  }

  private static JsonNode ended(Api api, String id) throws Exception {
    Await.until("it has ended", LIMIT, () -> get(api, id).has("finished_at"));
    return get(api, id);
  }

  /**
   * The seconds that a task takes while nothing else runs: limits follow what the machine can do
   * now.
   */
  private static double alone(Api api, String task) throws Exception {
    ended(api, submit(api, task("warm", 1, 10, "")));
    JsonNode ended = ended(api, submit(api, task));
    return ended.path("finished_at").asDouble() - ended.path("started_at").asDouble();
  }

  /** So many times those seconds, as a limit: one second at the least. */
  private static int limit(double times, double seconds) {
    return Math.max(1, (int) Math.ceil(times * seconds));
  }

  private static String held(String id, Map<String, String> tokens, String more) {
    return "{\"id\":\"%s\",\"token\":\"%s\"%s}".formatted(id, tokens.get(id), more);
  }

  private static String seconds(Instant time) {
    return String.valueOf(time.toEpochMilli() / 1_000.0);
  }

  @Test
  void tasksThatTogetherTakeFarLongerThanTheirLimitAllComplete() throws Exception {
    try (Node node = start();
        Api api = api(node)) {
      int limit = Math.max(4, limit(4, alone(api, task("alone", 12, 20, ""))));
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        String more = ",\"timeout_seconds\":%d,\"max_attempts\":1".formatted(limit);
        ids.add(submit(api, task("t" + i, 12, 20, more)));
      }
      for (String id : ids) {
        JsonNode task = ended(api, id);
        assertThat(task.path("status").asText()).as(task.toString()).isEqualTo("completed");
      }
    }
  }

  @Test
  void timeThatMoreUrgentWorkTakesIsNotCounted() throws Exception {
    try (Node node = start();
        Api api = api(node)) {
      int limit = limit(4, alone(api, task("alone", 300, 1, "")));
      int enough = limit(2 * limit, 1 / alone(api, task("more", 20, 20, "")));
      String more = ",\"priority\":1,\"timeout_seconds\":%d,\"max_attempts\":1".formatted(limit);
      List<String> urgent = new ArrayList<>();
      for (int i = 0; i < enough; i++) {
        urgent.add(submit(api, task("u" + i, 20, 20, ",\"priority\":9")));
      }
      String bulk = submit(api, task("bulk", 300, 1, more));
      for (String id : urgent) {
        ended(api, id);
      }
      JsonNode task = ended(api, bulk);
      assertThat(task.path("status").asText()).as(task.toString()).isEqualTo("completed");
    }
  }

  @Test
  void ofFarTooMuchWorkThatIsToBeginSoonWhatBeginsCompletesAndTheRestExpires() throws Exception {
    try (Node node = start();
        Api api = api(node)) {
      int limit = Math.max(4, limit(4, alone(api, task("alone", 12, 20, ""))));
      String more =
          ",\"timeout_seconds\":%d,\"max_attempts\":1,\"start_before\":%s"
              .formatted(limit, seconds(Instant.now().plusSeconds(limit - 1)));
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        ids.add(submit(api, task("t" + i, 12, 20, more)));
      }
      int completed = 0;
      for (String id : ids) {
        JsonNode task = ended(api, id);
        if (task.path("status").asText().equals("completed")) {
          completed++;
        } else {
          assertThat(task.path("status").asText()).as(task.toString()).isEqualTo("cancelled");
          assertThat(task.at("/error/code").asText()).isEqualTo("expired");
        }
      }
      assertThat(completed).isBetween(1, ids.size() - 1);
    }
  }

  @Test
  void aTaskThatIsNotBegunInTimeIsCancelledAndRunsWithANewTime() throws Exception {
    try (Node node = start();
        Api api = api(node)) {
      api.post("/v1/queues/ping/pause", "");
      String soon = seconds(Instant.now().plusMillis(500));
      String ping = "{\"type\":\"ping\",\"metadata\":{\"a\":\"b\"},\"start_before\":" + soon + "}";
      String id = submit(api, ping);
      assertThat(get(api, id).path("start_before").asText()).isEqualTo(soon);
      String filtered = submit(api, ping);
      JsonNode task = ended(api, id);
      ended(api, filtered);
      assertThat(task.path("status").asText()).isEqualTo("cancelled");
      assertThat(task.at("/error/code").asText()).isEqualTo("expired");
      assertThat(task.path("attempts").asInt()).isZero();
      Answer result = api.get("/v1/tasks/" + id + "/result");
      assertThat(result.status()).isEqualTo(409);
      assertThat(result.json().at("/error/code").asText()).isEqualTo("expired");

      Answer refused = api.post("/v1/tasks/" + id + "/retry", "");
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.json().at("/error/code").asText()).isEqualTo("expired");
      assertThat(api.post("/v1/tasks/retry", "{\"type\":\"ping\"}").json().path("count").asInt())
          .isZero();
      api.post("/v1/queues/ping/resume", "");
      String later = "{\"start_before\":" + seconds(Instant.now().plusSeconds(60));
      assertThat(api.post("/v1/tasks/" + id + "/retry", later + "}").status()).isEqualTo(200);
      assertThat(ended(api, id).path("status").asText()).isEqualTo("completed");
      Answer all = api.post("/v1/tasks/retry", later + ",\"type\":\"ping\"}");
      assertThat(all.json().path("count").asInt()).as(all.raw().body()).isEqualTo(1);
      assertThat(ended(api, filtered).path("status").asText()).isEqualTo("completed");
    }
  }

  @Test
  void whatIsWrongWithATimeToBeginIsSaid() throws Exception {
    try (Node node = start("roles", "http");
        Api api = api(node)) {
      for (String wrong :
          List.of("\"tomorrow\"", "-1", "1e12", "true", "5,\"run_at\":5", "5,\"run_at\":6")) {
        Answer answer = api.post("/v1/tasks", "{\"type\":\"ping\",\"start_before\":" + wrong + "}");
        assertThat(answer.status()).as(wrong).isEqualTo(400);
        assertThat(answer.json().at("/error/param").asText()).isEqualTo("start_before");
      }
      String id = submit(api, "{\"type\":\"ping\"}");
      Answer unknown = api.post("/v1/tasks/" + id + "/retry", "{\"start\":5}");
      assertThat(unknown.status()).isEqualTo(400);
    }
  }

  @Test
  void whatWasMadeBeforeACancelIsNotMadeAgain() throws Exception {
    int texts = 200;
    try (Node node = start();
        Api api = api(node)) {
      String list = task("list", texts, 2, "");
      String first = submit(api, list);
      Await.until("some are done", LIMIT, () -> get(api, first).at("/progress/done").asInt() >= 80);
      api.post("/v1/tasks/" + first + "/cancel", "");
      Await.until("its run has ended", LIMIT, () -> api.metric("penstock_lane_running") == 0);
      int done = get(api, first).at("/progress/done").asInt();
      String second = submit(api, list);
      assertThat(ended(api, second).path("status").asText()).isEqualTo("completed");
      assertThat(api.metric(RUN)).isLessThan(texts + done / 2.0);
    }
  }

  @Test
  void anAttemptThatRanOutOfTimeHelpsTheNext() throws Exception {
    try (Node node = start("task.retry-base", "1ms", "task.retry-cap", "10ms");
        Api api = api(node)) {
      int limit = limit(4 / 3.0, alone(api, task("alone", 150, 4, "")));
      String more = ",\"timeout_seconds\":%d,\"max_attempts\":100".formatted(limit);
      String id = submit(api, task("long", 600, 4, more));
      JsonNode task = ended(api, id);
      assertThat(task.path("status").asText()).as(task.toString()).isEqualTo("completed");
      assertThat(task.path("attempts").asInt()).isGreaterThan(1);
    }
  }

  @Test
  void aWorkersRunThatIsTooLongIsEndedUnlessItSaysThatItWaited() throws Exception {
    try (Node node =
            start(
                "roles", "http",
                "lease.duration", "2s",
                "lease.extend-every", "500ms",
                "lease.sweep-every", "200ms",
                "lease.margin", "5s");
        Api api = api(node)) {
      String stuck = submit(api, "{\"type\":\"ping\",\"timeout_seconds\":1}");
      String waits = submit(api, "{\"type\":\"ping\",\"timeout_seconds\":1}");
      Map<String, String> tokens = new HashMap<>();
      JsonNode reply =
          api.post("/v1/worker/lease", "{\"worker\":\"w\",\"lanes\":[\"ping\"],\"max\":2}").json();
      reply
          .path("leases")
          .forEach(each -> tokens.put(each.at("/task/id").asText(), each.path("token").asText()));
      assertThat(tokens).containsOnlyKeys(stuck, waits);
      assertThat(reply.path("offers").toString()).contains("begun");
      Await.until(
          "the one that says nothing is ended",
          LIMIT,
          () -> {
            String now = seconds(Instant.now());
            JsonNode said =
                api.post(
                        "/v1/worker/extend",
                        "{\"worker\":\"w\",\"leases\":[%s,%s]}"
                            .formatted(
                                held(stuck, tokens, ""), held(waits, tokens, ",\"begun\":" + now)))
                    .json();
            assertThat(said.at("/leases/1/status").asText()).isEqualTo("held");
            return said.at("/leases/0/status").asText().equals("lost");
          });
      JsonNode task = get(api, stuck);
      assertThat(task.path("attempts").asInt()).isEqualTo(1);
      assertThat(task.path("lost").asInt()).isZero();
      assertThat(task.at("/steps/0/error/code").asText()).isEqualTo("timeout");
      String done =
          "{\"id\":\"%s\",\"token\":\"%s\",\"outcome\":\"done\","
              + "\"result\":{\"echo\":{},\"worker\":\"w\"}}";
      assertThat(
              api.post("/v1/worker/settle", done.formatted(stuck, tokens.get(stuck)))
                  .json()
                  .at("/error/code")
                  .asText())
          .isEqualTo("lease_stale");
      assertThat(api.post("/v1/worker/settle", done.formatted(waits, tokens.get(waits))).status())
          .isEqualTo(200);
    }
  }
}
