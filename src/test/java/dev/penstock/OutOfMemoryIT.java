package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.PluginJar;
import dev.penstock.testing.TinyModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program whose heap is full does not go on half dead, however it was started. */
final class OutOfMemoryIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  /** What the JVM ends with. */
  private static final int OUT_OF_MEMORY = 3;

  private static final String GREEDY =
      """
      public final class Greedy implements TaskHandler {
        public String type() { return "greedy"; }
        public String inputSchema() { return "{}"; }
        public String outputSchema() { return "{}"; }
        public Outcome run(Task task, Control control) {
          var all = new java.util.ArrayList<byte[]>();
          while (true) {
            all.add(new byte[1 << 20]);
          }
        }
      }
      """;

  @TempDir Path folder;

  /** With no option of the JVM that says what to do when the heap is full. */
  private Process program(int port) throws Exception {
    Path plugins = folder.resolve("mine");
    if (!Files.exists(plugins)) {
      Path built = folder.resolve("greedy.jar");
      PluginJar.build(
          Files.createDirectory(folder.resolve("work")), Map.of("Greedy", GREEDY), built);
      Files.move(built, Files.createDirectory(plugins).resolve("greedy.jar"));
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx160m");
    command.addAll(PenstockProcess.shortLived());
    command.addAll(List.of("-jar", PenstockProcess.jar().toString()));
    var builder = new ProcessBuilder(command);
    Map<String, String> environment = new HashMap<>(TinyModel.settings());
    environment.putAll(PenstockProcess.SHORT_LEASES);
    environment.put("AUTH_TOKEN", PenstockProcess.KEY);
    environment.put("API_PORT", Integer.toString(port));
    environment.put("PLUGINS_DIR", plugins.toString());
    environment.put("TASK_MAX_LOST", "3");
    builder.environment().putAll(environment);
    return builder
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
        .start();
  }

  private static String submit(Api api, String task) throws Exception {
    Api.Answer answer = api.post("/v1/tasks", task);
    assertThat(answer.status()).as("%s", answer.json()).isEqualTo(202);
    return answer.json().get("id").asText();
  }

  private static boolean ready(Api api) throws Exception {
    try {
      return api.get("/health/ready").status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean ended(Api api, String id) throws Exception {
    try {
      return api.get("/v1/tasks/" + id).json().hasNonNull("finished_at");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aProgramWhoseHeapIsFullEndsAndLosesNothing() throws Exception {
    int port = FreePort.next();
    var program = new AtomicReference<>(program(port));
    var deaths = new AtomicInteger();
    try (var api = new Api(URI.create("http://127.0.0.1:" + port), PenstockProcess.KEY)) {
      Await.until("it is ready", LIMIT, () -> ready(api));
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        ids.add(
            submit(
                api, "{\"type\":\"ping\",\"input\":{\"n\":%d},\"delay_seconds\":5}".formatted(i)));
      }
      String greedy = submit(api, "{\"type\":\"greedy\",\"input\":{}}");
      ids.add(greedy);
      for (String id : ids) {
        Await.until(
            "it has ended",
            LIMIT,
            () -> {
              Process now = program.get();
              if (!now.isAlive()) {
                // As whoever supervises it does.
                assertThat(now.exitValue()).isEqualTo(OUT_OF_MEMORY);
                assertThat(deaths.incrementAndGet()).as("then it runs apart").isLessThan(3);
                program.set(program(port));
              }
              return ended(api, id);
            });
      }
      assertThat(deaths).hasPositiveValue();
      assertThat(Files.readString(folder.resolve("log"))).contains("OutOfMemoryError");
      for (String id : ids) {
        JsonNode task = api.get("/v1/tasks/" + id).json();
        String status = id.equals(greedy) ? "failed" : "completed";
        assertThat(task.get("status").asText()).as("%s", task).isEqualTo(status);
      }
    } finally {
      program.get().destroyForcibly();
    }
  }
}
