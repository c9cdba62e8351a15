package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ScriptedServer.Said;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class TailCommandTest {
  private static String status(String id, String status) {
    return "id: %s\nevent: status\ndata: %s\n\n".formatted(id, ScriptedServer.task("a", status));
  }

  private static String progress(String id, int done) {
    return "id: %s\nevent: progress\ndata: {\"done\":%d,\ndata: \"total\":4,\"message\":\"step\"}\n\n"
        .formatted(id, done);
  }

  /** The task itself, and one stream after the other. */
  private static ScriptedServer streaming(Said... streams) {
    var next = new AtomicInteger();
    return new ScriptedServer(asked ->
        asked.path().endsWith("/events")
            ? streams[Math.min(next.getAndIncrement(), streams.length - 1)]
            : Said.json(200, ScriptedServer.task("a", "processing")));
  }

  private static final String WHOLE =
      ": hello\r\n\r\n"
          + status("1", "processing")
          + ": keep-alive\n\n"
          + progress("2", 1)
          + progress("3", 4)
          + status("4", "completed");

  @Test
  void eventsAreJsonLinesUntilTheTaskEnds() {
    try (var server = streaming(Said.events(WHOLE))) {
      var run = CommandRun.of(server, "tail", "a");
      assertThat(run.err()).isEmpty();
      assertThat(run.code()).isZero();
      assertThat(run.lines())
          .containsExactly(
              "{\"event\":\"status\",\"task\":" + ScriptedServer.task("a", "processing") + "}",
              "{\"event\":\"progress\",\"done\":1,\"total\":4,\"message\":\"step\"}",
              "{\"event\":\"progress\",\"done\":4,\"total\":4,\"message\":\"step\"}",
              "{\"event\":\"status\",\"task\":" + ScriptedServer.task("a", "completed") + "}");
    }
  }

  @Test
  void aTerminalGetsLinesAndABar() {
    try (var server = streaming(Said.events(WHOLE))) {
      var run = CommandRun.watched(server, "tail", "a");
      assertThat(run.out())
          .contains("processing  a  ping")
          .contains("[#######.......................]  25 %  1 of 4  step")
          .contains("[" + "#".repeat(30) + "] 100 %  4 of 4  step")
          .contains("completed   a  ping");
    }
  }

  @Test
  void aBrokenStreamGoesOnAfterTheLastEvent() {
    String half = progress("2", 1) + "id: 3\nevent: progress\ndata: {\"do";
    try (var server =
        streaming(
            Said.events(status("1", "processing") + half),
            Said.nothing(),
            Said.full(),
            Said.events(progress("3", 2) + status("4", "failed")))) {
      var run = CommandRun.of(server, "tail", "a");
      assertThat(run.code()).isEqualTo(ExitCode.TASK_FAILED);
      assertThat(run.lines()).hasSize(4);
      assertThat(run.lines().get(2)).contains("\"done\":2");
      List<String> resumed =
          server.asked().stream()
              .filter(asked -> asked.path().endsWith("/events"))
              .map(asked -> asked.header("Last-event-id"))
              .distinct()
              .toList();
      assertThat(resumed).containsExactly("", "2");
    }
  }

  @Test
  void aServerThatSendsNoEventsIsGivenUp() {
    try (var server = streaming(Said.nothing())) {
      var run = CommandRun.of(server, "tail", "a", "--retry-for=300ms");
      assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
    }
    try (var server = streaming(Said.error(404, "invalid_request_error", "No such route."))) {
      var run = CommandRun.of(server, "tail", "a");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).contains("404 instead of events");
    }
  }

  @Test
  void whatTheServerTellsCannotMoveTheCursor() {
    var evil = JsonLines.object().put("done", 1).put("total", 2).put("message", "\u001b[2Jx");
    assertThat(Screen.bar(evil)).contains("\\u001b[2Jx").doesNotContain("\u001b");
  }

  @Test
  void theNewestTasksAreShownOnceUntilTheyChange() throws Exception {
    String first =
        "{\"data\":[%s,%s],\"has_more\":false}"
            .formatted(ScriptedServer.task("b", "pending"), ScriptedServer.task("a", "completed"));
    String then =
        "{\"data\":[%s,%s,%s],\"has_more\":false}"
            .formatted(
                ScriptedServer.task("c", "pending"),
                ScriptedServer.task("b", "completed"),
                ScriptedServer.task("a", "completed"));
    var looks = new AtomicInteger();
    try (var server =
            new ScriptedServer(
                asked -> Said.json(200, looks.getAndIncrement() == 0 ? first : then));
        var client = new Client(URI.create(server.url()), CommandRun.KEY, Duration.ZERO)) {
      var recent = new RecentTasks(client);
      assertThat(recent.look()).extracting(Tasks::id).containsExactly("a", "b");
      assertThat(recent.look()).extracting(Tasks::id).containsExactly("b", "c");
      assertThat(recent.look()).isEmpty();
    }
  }

  @Test
  void theNewestTasksAreEventsTooWhereNoPersonReads() {
    String list = "{\"data\":[" + ScriptedServer.task("a", "pending") + "],\"has_more\":false}";
    var looks = new AtomicInteger();
    try (var server =
        new ScriptedServer(asked ->
            looks.getAndIncrement() == 0
                ? Said.json(200, list)
                : Said.error(401, "invalid_request_error", "Wrong key."))) {
      assertThat(CommandRun.of(server, "tail").lines())
          .containsExactly(
              "{\"event\":\"status\",\"task\":" + ScriptedServer.task("a", "pending") + "}");
    }
  }

  @Test
  void theLookGoesOnBehindAPageOfNewTasks() throws Exception {
    try (var server =
            new ScriptedServer(asked -> {
              String path = asked.path();
              String task = path.contains("after=c") ? "b" : path.contains("after=") ? "a" : "c";
              return Said.json(
                  200,
                  "{\"data\":[%s],\"has_more\":%s}"
                      .formatted(ScriptedServer.task(task, "pending"), !task.equals("a")));
            });
        var client = new Client(URI.create(server.url()), CommandRun.KEY, Duration.ZERO)) {
      var recent = new RecentTasks(client);
      assertThat(recent.look()).extracting(Tasks::id).containsExactly("c");
      assertThat(recent.look()).isEmpty();
    }
  }
}
