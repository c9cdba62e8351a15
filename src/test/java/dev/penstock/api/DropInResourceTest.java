package dev.penstock.api;

import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskState;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DropInResourceTest {
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void textsAreSubmittedAndTheirVectorsFetchedWithAndWithoutASlash() throws Exception {
    for (String path : List.of("/api/v1/embedding", "/api/v1/embedding/")) {
      var reply = server.post(path, "{\"texts\":[\"a\",\"b\"],\"model\":\"all-minilm-l6-v2\"}");
      assertThat(reply.statusCode()).isEqualTo(202);
      assertThat(json(reply).get("status").asText()).isEqualTo("pending");
      String id = json(reply).get("task_id").asText();
      JsonNode task = json(server.get("/api/v1/embedding/" + id));
      assertThat(task.get("task_id").asText()).isEqualTo(id);
      assertThat(task.get("status").asText()).isEqualTo("completed");
      assertThat(task.get("result")).hasSize(2);
      assertThat(task.at("/result/1")).hasSize(384);
      assertThat(json(server.get("/v1/tasks/" + id + "/result")).get("data")).hasSize(2);
    }
  }

  @Test
  void oneTextHasOneVector() throws Exception {
    String id = json(server.post("/api/v1/embedding/", "{\"text\":\"a\"}")).get("task_id").asText();
    assertThat(json(server.get("/api/v1/embedding/" + id)).get("result")).hasSize(1);
  }

  @Test
  void aFailedTaskSaysWhy() throws Exception {
    server.dispatcher.script =
        _ ->
            new Script.End(
                TaskState.FAILED, null, new TaskError(TaskError.Code.TIMEOUT, "too slow"));
    String id = json(server.post("/api/v1/embedding/", "{\"text\":\"a\"}")).get("task_id").asText();
    JsonNode task = json(server.get("/api/v1/embedding/" + id));
    assertThat(task.get("status").asText()).isEqualTo("failed");
    assertThat(task.get("error").asText()).isEqualTo("too slow");
    assertThat(task.has("result")).isFalse();
  }

  @Test
  void aDefaultModelThatIsBrokenIsNamedAllTheSame() throws Exception {
    try (var broken = new TestServer(Map.of("embedding.model", "my-model"))) {
      JsonNode models = json(broken.get("/api/v1/embedding/models"));
      assertThat(models.get("default").asText()).isEqualTo("my-model");
    }
  }

  @Test
  void modelsAndHealthAreThereToo() throws Exception {
    JsonNode models = json(server.get("/api/v1/embedding/models"));
    assertThat(models.get("default").asText()).isEqualTo("all-minilm-l6-v2");
    assertThat(models.at("/models/0/name").asText()).isEqualTo("all-minilm-l6-v2");
    assertThat(server.get("/api/health").body()).isEqualTo("{\"status\":\"ok\"}");
  }
}
