package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.ScriptedDispatcher.Script;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class QueuesResourceTest {
  private static final String LANE = "embedding.all-minilm-l6-v2";
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
    server.dispatcher.script = _ -> new Script.Stay();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void aLaneWithWorkHasItsFigures() throws Exception {
    server.post("/v1/tasks", "{\"type\":\"embedding\",\"input\":\"a\"}");
    JsonNode queue = json(server.get("/v1/queues/" + LANE));
    assertThat(queue.get("lane").asText()).isEqualTo(LANE);
    assertThat(queue.get("type").asText()).isEqualTo("embedding");
    assertThat(queue.get("model").asText()).isEqualTo("all-minilm-l6-v2");
    assertThat(queue.get("depth").asInt()).isEqualTo(1);
    assertThat(queue.get("oldest_seconds").asDouble()).isBetween(0.0, 60.0);
    assertThat(queue.get("paused").asBoolean()).isFalse();
    assertThat(queue.get("consumers").asInt()).isEqualTo(1);
    assertThat(queue.at("/rates/submitted_per_second").asDouble()).isEqualTo(1.5);
    assertThat(queue.at("/rates/completed_per_second").asDouble()).isEqualTo(1);
    assertThat(queue.at("/rates/failed_per_second").asDouble()).isEqualTo(0.1);
    assertThat(queue.at("/wait_ms/p95").asDouble()).isBetween(64.0, 128.0);
    assertThat(queue.has("run_ms")).as("nothing was measured").isFalse();
  }

  @Test
  void lanesThatAreServedAndEmptyAreListedToo() throws Exception {
    JsonNode list = json(server.get("/v1/queues"));
    assertThat(list.get("object").asText()).isEqualTo("list");
    assertThat(list.at("/data/0/lane").asText()).isEqualTo(LANE);
    assertThat(list.at("/data/1/lane").asText()).isEqualTo("ping");
    assertThat(list.at("/data/1/depth").asInt()).isZero();
    assertThat(list.at("/data/1/rates/submitted_per_second").asDouble()).isZero();
    assertThat(list.at("/data/1").has("oldest_seconds")).isFalse();
  }

  @Test
  void aLaneIsPausedResumedAndPurged() throws Exception {
    server.post("/v1/tasks", "{\"type\":\"embedding\",\"input\":\"a\"}");
    var paused = server.post("/v1/queues/" + LANE + "/pause", "");
    assertThat(paused.statusCode()).isEqualTo(200);
    assertThat(json(paused).get("paused").asBoolean()).isTrue();
    assertThat(json(server.get("/v1/queues/" + LANE)).get("paused").asBoolean()).isTrue();
    var resumed = json(server.post("/v1/queues/" + LANE + "/resume", ""));
    assertThat(resumed.get("paused").asBoolean()).isFalse();
    var purged = server.post("/v1/queues/" + LANE + "/purge", "");
    assertThat(purged.body())
        .isEqualTo(
            "{\"object\":\"queue.purged\",\"count\":" + LANE.length() + ",\"has_more\":false}");
  }

  @Test
  void aLaneThatNobodyKnowsIsNotFound() throws Exception {
    for (String path : List.of("/pause", "/resume", "/purge")) {
      var reply = server.post("/v1/queues/mining" + path, "");
      assertThat(reply.statusCode()).isEqualTo(404);
      assertThat(error(reply).get("code").asText()).isEqualTo("queue_not_found");
    }
    assertThat(server.dispatcher.paused).isEmpty();
  }

  @Test
  void workersSayWhatTheyDo() throws Exception {
    JsonNode worker = json(server.get("/v1/workers")).at("/data/0");
    assertThat(worker.get("id").asText()).isEqualTo("w");
    assertThat(worker.get("host").asText()).isEqualTo("rack-7");
    assertThat(worker.at("/lanes/0").asText()).isEqualTo(LANE);
    assertThat(worker.get("device").asText()).isEqualTo("cpu");
    assertThat(worker.get("running").asInt()).isEqualTo(1);
    assertThat(worker.get("done").asInt()).isEqualTo(7);
    assertThat(worker.get("failed").asInt()).isEqualTo(2);
    assertThat(worker.at("/batches/runs").asInt()).isEqualTo(3);
    assertThat(worker.at("/batches/mean_texts").asDouble()).isEqualTo(2.67);
    assertThat(worker.has("memory_bytes")).as("not known here").isFalse();
    assertThat(worker.get("version").asText()).isEqualTo("test");
  }
}
