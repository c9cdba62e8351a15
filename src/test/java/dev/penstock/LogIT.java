package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the program as it is shipped writes to its log, from start to stop. */
final class LogIT {
  private static final String SECRET = "xyzzy-plugh";

  @TempDir Path folder;

  @Test
  void asJsonEveryLineIsAnObjectAndNoInputIsInIt() throws Exception {
    Map<String, String> settings = Map.of("LOG_FORMAT", "json", "LOG_LEVEL", "debug");
    try (var penstock = PenstockProcess.start(folder, settings);
        var api = penstock.api()) {
      work(api);
      assertThat(penstock.terminate(Duration.ofSeconds(60))).isZero();
      List<JsonNode> records = new ArrayList<>();
      for (String line : penstock.log().lines().toList()) {
        JsonNode record = Api.JSON.readTree(line);
        assertThat(record.isObject()).as(line).isTrue();
        for (String field : List.of("time", "level", "logger", "thread", "message")) {
          assertThat(record.get(field).isTextual()).as("%s of %s", field, line).isTrue();
        }
        records.add(record);
      }
      assertThat(records)
          .anyMatch(record -> record.get("message").textValue().startsWith("Penstock "))
          .anyMatch(record -> record.get("message").textValue().equals("stopped"));
      assertThat(penstock.log()).doesNotContain(SECRET, PenstockProcess.KEY);
    }
  }

  /** Good work, bad work and work that is refused. */
  private static void work(Api api) throws Exception {
    for (String body :
        List.of(
            "{\"type\":\"ping\",\"input\":{\"text\":\"%s\"},\"wait_seconds\":30}",
            "{\"type\":\"ping\",\"input\":{\"text\":\"%s\",\"fail_times\":1},\"max_attempts\":1,"
                + "\"wait_seconds\":30}",
            "{\"type\":\"ping\",\"input\":{\"n\":\"%s\"}}",
            "{\"type\":\"embedding\",\"input\":\"%s\",\"wait_seconds\":30}",
            "{\"type\":\"embedding\",\"input\":\"%s\",\"unknown\":1}",
            "{\"%s\":",
            "%s")) {
      assertThat(api.post("/v1/tasks", body.formatted(SECRET)).status()).isBetween(200, 499);
    }
    String embedding = "{\"input\":\"" + SECRET + "\"}";
    assertThat(api.post("/v1/embeddings", embedding).status()).isEqualTo(200);
  }
}
