package dev.penstock.api;

import static dev.penstock.api.TestServer.error;
import static dev.penstock.api.TestServer.header;
import static dev.penstock.api.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.api.ScriptedDispatcher.Script;
import dev.penstock.task.TaskState;
import dev.penstock.types.embedding.TestEmbeddings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** That it is seen where a text, or a vector, is less than its sender thinks. */
final class CutVectorsTest {
  private static final String EMBEDDING = "{\"type\":\"embedding\",\"input\":";

  @Test
  void aReplySaysHowManyOfItsTextsWereCut() throws Exception {
    try (var server = TestServer.start()) {
      for (int cut : new int[] {0, 2}) {
        server.dispatcher.script =
            _ ->
                new Script.End(
                    TaskState.COMPLETED,
                    TestEmbeddings.output(384, 9, cut, new float[3][384]),
                    null);
        String texts = "[\"a\",\"b\",\"%d of them is cut\"]".formatted(cut);
        var direct = server.post("/v1/embeddings", "{\"input\":" + texts + "}");
        var task = server.post("/v1/tasks", EMBEDDING + texts + ",\"wait_seconds\":20}");
        var result = server.get("/v1/tasks/" + json(task).get("id").asText() + "/result");
        for (var usage :
            List.of(
                json(direct).at("/usage"),
                json(task).at("/result/usage"),
                json(result).at("/usage"))) {
          assertThat(usage.path("total_tokens").asInt()).isEqualTo(9);
          assertThat(usage.path("truncated").asInt()).isEqualTo(cut);
          assertThat(usage.has("truncated")).isEqualTo(cut > 0);
        }
        for (var reply : List.of(direct, task, result)) {
          assertThat(header(reply, "x-truncated")).isEqualTo(cut > 0 ? "2" : "(absent)");
        }
      }
    }
  }

  @Test
  void dimensionsThatAModelWasNotTrainedForWorkWithAWarning() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.penstock.types.embedding");
    var log = new ListAppender<ILoggingEvent>();
    log.start();
    logger.addAppender(log);
    try (var server = TestServer.start()) {
      for (int round = 0; round < 2; round++) {
        var direct = server.post("/v1/embeddings", "{\"input\":\"a\",\"dimensions\":128}");
        assertThat(json(direct).at("/data/0/embedding")).hasSize(128);
        var task = server.post("/v1/tasks", EMBEDDING + "{\"input\":\"a\",\"dimensions\":128}}");
        assertThat(task.statusCode()).isEqualTo(202);
        for (var reply : List.of(direct, task)) {
          assertThat(header(reply, "x-warning")).startsWith("dimensions: ");
        }
      }
      for (String input : List.of("\"a\",\"dimensions\":384", "\"a\"")) {
        var whole = server.post("/v1/embeddings", "{\"input\":" + input + "}");
        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(header(whole, "x-warning")).isEqualTo("(absent)");
      }
      assertThat(log.list)
          .as("however often it happens, it is said once a minute at most")
          .hasSizeLessThanOrEqualTo(1);
    } finally {
      logger.detachAppender(log);
    }
  }

  @Test
  void aSettingRefusesDimensionsThatAModelWasNotTrainedFor() throws Exception {
    try (var server = new TestServer(Map.of("embedding.untrained-dimensions", "refuse"))) {
      var direct = server.post("/v1/embeddings", "{\"input\":\"a\",\"dimensions\":128}");
      assertThat(direct.statusCode()).isEqualTo(400);
      assertThat(error(direct).get("param").asText()).isEqualTo("dimensions");
      assertThat(error(direct).get("message").asText()).contains("384");
      String input = EMBEDDING + "{\"input\":\"a\",\"dimensions\":128}}";
      var task = server.post("/v1/tasks", input);
      assertThat(error(task).get("param").asText()).isEqualTo("input.dimensions");
      var list = server.post("/v1/tasks", "[" + EMBEDDING + "{\"input\":\"a\"}}," + input + "]");
      assertThat(json(list).at("/data/1/error/param").asText())
          .as(list.body())
          .isEqualTo("input.dimensions");
      assertThat(json(list).at("/data/0/status").asText()).isEqualTo("pending");
      for (String whole : List.of("", ",\"dimensions\":384", ",\"dimensions\":null")) {
        var reply = server.post("/v1/embeddings", "{\"input\":\"a\"" + whole + "}");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      }
    }
  }
}
