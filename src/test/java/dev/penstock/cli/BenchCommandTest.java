package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.cli.ScriptedServer.Said;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BenchCommandTest {

  @Test
  void itStopsByItselfAndCountsWhatItAsked() {
    try (var server = new ScriptedServer(asked -> Said.json(200, "{}"))) {
      var run =
          CommandRun.of(
              server,
              "bench",
              "--duration=300ms",
              "--clients=2",
              "--texts-per-request=3",
              "--json");
      assertThat(run.code()).isZero();
      JsonNode line = JsonLines.parse(run.out()).orElseThrow();
      int requests = line.path("requests").asInt();
      assertThat(requests).isPositive().isEqualTo(server.asked().size() - 1);
      assertThat(line.path("texts").asInt()).isEqualTo(3 * requests);
      assertThat(line.path("p99_ms").asDouble())
          .isGreaterThanOrEqualTo(line.path("p50_ms").asDouble())
          .isPositive();
      List<String> texts = new ArrayList<>();
      server
          .asked()
          .forEach(asked -> asked.json().path("input").forEach(text -> texts.add(text.asText())));
      assertThat(texts).hasSize(3 * (requests + 1)).doesNotHaveDuplicates();
    }
  }

  @Test
  void pingsAreTasksWhoseEndIsWaitedFor() {
    try (var server = new ScriptedServer(asked -> Said.json(200, "{}"))) {
      var run = CommandRun.of(server, "bench", "--duration=100ms", "--type=ping");
      assertThat(run.code()).isZero();
      assertThat(run.out()).contains("requests", "p50", "errors    0");
      assertThat(server.asked())
          .allSatisfy(asked -> assertThat(asked.is("POST /v1/tasks")).isTrue());
    }
  }

  @Test
  void refusalsAndErrorsAreCountedApart() {
    var count = new AtomicInteger();
    try (var server =
        new ScriptedServer(asked ->
            switch (count.getAndIncrement()) {
              case 1 -> Said.full();
              case 2 -> Said.error(500, "server_error", "Broken.");
              case 3 -> Said.nothing();
              default -> Said.json(200, "{}");
            })) {
      var run = CommandRun.of(server, "bench", "--duration=2s", "--clients=1", "--json");
      assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(run.out()).contains("\"refused\":1,\"errors\":2");
    }
  }

  @Test
  void whatIsWrongShowsBeforeTheLoad() {
    try (var server =
        new ScriptedServer(asked -> Said.error(404, "invalid_request_error", "No such model."))) {
      var run = CommandRun.of(server, "bench", "--model=nope");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(server.asked()).hasSize(1);
      assertThat(CommandRun.of(server, "bench", "--clients=0").code()).isEqualTo(ExitCode.REFUSED);
      var nothing = CommandRun.of(server, "bench", "--duration=0s");
      assertThat(nothing.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(nothing.err()).isEqualTo("penstock: --duration must be longer than 0s\n");
      assertThat(CommandRun.of(server, "bench", "--type=nope").err()).contains("EMBEDDING, PING");
      assertThat(CommandRun.of(server, "bench", "--type=ping", "--model=m").code())
          .isEqualTo(ExitCode.REFUSED);
    }
  }

  @Test
  void sharesOfTimesAreWithinThreePerCent() {
    var latencies = new Latencies();
    assertThat(latencies.micros(0.5)).isZero();
    for (int micros = 1; micros <= 10_000; micros++) {
      latencies.add(micros * 1_000L);
    }
    assertThat(latencies.micros(0.5)).isBetween(5_000L, 5_160L);
    assertThat(latencies.micros(0.99)).isBetween(9_900L, 10_240L);
    assertThat(latencies.micros(0.001)).isEqualTo(10);
    latencies.add(Long.MAX_VALUE);
    assertThat(latencies.micros(1)).isGreaterThan(60_000_000_000L);
  }
}
