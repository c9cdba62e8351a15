package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.CommandProcess;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that follow events and lists, against the program as it is packaged. */
final class CommandLineEventsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir static Path folder;
  private static PenstockProcess server;

  @BeforeAll
  static void start() throws Exception {
    server = PenstockProcess.start(folder, PenstockProcess.SHORT_LEASES);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static Map<String, String> environment() {
    return Map.of("PENSTOCK_URL", server.uri().toString(), "PENSTOCK_KEY", PenstockProcess.KEY);
  }

  private static CommandProcess run(String... arguments) throws Exception {
    return CommandProcess.run(folder, environment(), "", arguments);
  }

  private static String submit(String input) throws Exception {
    CommandProcess run = run("submit", "--type=ping", "--input=" + input);
    assertThat(run.code()).as(run.err()).isZero();
    return Api.JSON.readTree(run.out()).path("id").asText();
  }

  @Test
  void aTaskIsFollowedToItsEnd() throws Exception {
    Program.Ended ended;
    String id;
    try (var api = server.api()) {
      // Held back until it is followed: its steps are not told to who comes later.
      api.post("/v1/queues/ping/pause", "");
      id = submit("{\"sleep_ms\":3000,\"steps\":3}");
      try (var tail = Program.start(folder, environment(), "tail", id)) {
        tail.awaitOutput("\"status\":\"pending\"");
        api.post("/v1/queues/ping/resume", "");
        ended = tail.awaitEnd();
      }
    }
    assertThat(ended.status()).as(ended.output()).isZero();
    assertThat(ended.output()).contains("{\"event\":\"progress\",\"done\":");
    JsonNode last = Api.JSON.readTree(ended.output().lines().toList().getLast());
    assertThat(last.path("event").asText()).isEqualTo("status");
    assertThat(last.at("/task/id").asText()).isEqualTo(id);
    assertThat(last.at("/task/status").asText()).isEqualTo("completed");
  }

  @Test
  void followingGoesOnAfterTheServerWasKilled() throws Exception {
    String id = submit("{\"sleep_ms\":3000,\"steps\":3}");
    try (var tail = Program.start(folder, environment(), "tail", id)) {
      tail.awaitOutput("\"event\":\"status\"");
      server.kill();
      server.restart();
      Await.until(
          "the end is told",
          LIMIT, // a lost lease is noticed within 3 s
          () -> tail.output().contains("\"status\":\"completed\""));
    }
  }

  @Test
  void aCancelledTaskEndsTheWaitWithOne() throws Exception {
    String id = submit("{\"sleep_ms\":60000}");
    try (var api = server.api()) {
      assertThat(api.post("/v1/tasks/" + id + "/cancel", "").status()).isEqualTo(200);
    }
    assertThat(run("wait", id, "--timeout=30s").code()).isEqualTo(1);
  }

  @Test
  void theNewestTasksAreFollowed() throws Exception {
    try (var tail = Program.start(folder, environment(), "tail")) {
      String id = submit("{\"n\":1}");
      Await.until("the task is shown", LIMIT, () -> tail.output().contains(id));
    }
  }

  @Test
  void aRepeatedSubmitUnderItsKeyMeetsTheSameTasks() throws Exception {
    String[] command = {"submit", "--type=ping", "--json", "--idempotency-key=again"};
    String inputs = "{\"n\":1}\n{\"n\":2}\n";
    CommandProcess first = CommandProcess.run(folder, environment(), inputs, command);
    CommandProcess second = CommandProcess.run(folder, environment(), inputs, command);
    assertThat(first.lines()).hasSize(2);
    assertThat(ids(second)).isEqualTo(ids(first));
  }

  private static List<String> ids(CommandProcess run) {
    return run.lines().stream().map(line -> line.replaceFirst(",.*", "")).toList();
  }

  @Test
  void theLanesAreATable() throws Exception {
    submit("{\"n\":1}");
    CommandProcess table = run("status");
    assertThat(table.code()).as(table.err()).isZero();
    assertThat(table.out()).contains("lane", "scheduled", "ping");
    assertThat(run("status", "--json").out()).contains("\"lane\":\"ping\"");
  }
}
