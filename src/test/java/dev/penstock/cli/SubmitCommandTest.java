package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.cli.ScriptedServer.Acceptor;
import dev.penstock.cli.ScriptedServer.Asked;
import dev.penstock.cli.ScriptedServer.Said;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class SubmitCommandTest {
  @TempDir Path folder;

  private static ScriptedServer accepting() {
    return new ScriptedServer(new Acceptor()::accept);
  }

  private static String brief(String id) {
    return "{\"id\":\"" + id + "\",\"status\":\"pending\"}";
  }

  @Test
  void eachTextBecomesATaskWithEverythingThatWasAskedFor() {
    try (var server = accepting()) {
      var run =
          CommandRun.of(
              server,
              "submit",
              "Wasser fließt",
              "--model=m",
              "--priority=7",
              "--delay=1500ms",
              "--metadata=job=demo",
              "--idempotency-key=mine");
      assertThat(run.err()).isEmpty();
      assertThat(run.code()).isZero();
      assertThat(run.lines()).containsExactly(brief("t1"));
      Asked asked = server.asked().getFirst();
      assertThat(asked.is("POST /v1/tasks")).isTrue();
      assertThat(asked.header("Authorization")).isEqualTo("Bearer " + CommandRun.KEY);
      assertThat(asked.header("Idempotency-key")).isEqualTo("mine-1");
      assertThat(asked.body())
          .isEqualTo(
              """
              {"type":"embedding","model":"m","input":"Wasser fließt","priority":7,\
              "delay_seconds":1.5,"metadata":{"job":"demo"}}\
              """);
    }
  }

  @Test
  void theLinesOfStandardInputGoInRequestsOfAThousandInTheirOrder() {
    String lines =
        IntStream.range(0, 2_500).mapToObj(i -> "line " + i).collect(Collectors.joining("\r\n"));
    try (var server = accepting()) {
      var run = CommandRun.piped("\ufeff" + lines, server, "submit", "--idempotency-key=k");
      assertThat(run.code()).isZero();
      assertThat(run.lines()).hasSize(2_500).startsWith(brief("t1")).endsWith(brief("t2500"));
      List<String> texts = new ArrayList<>();
      for (Asked asked : server.asked()) {
        assertThat(asked.json().size()).isLessThanOrEqualTo(1_000);
        asked.json().forEach(task -> texts.add(task.path("input").asText()));
      }
      assertThat(server.asked()).hasSize(3);
      assertThat(texts).isEqualTo(lines.lines().toList());
    }
  }

  @Test
  void longLinesShareARequestOnlyUpToAMebibyte() {
    String line = "x".repeat(400_000);
    try (var server = accepting()) {
      var run = CommandRun.piped((line + "\n").repeat(5), server, "submit");
      assertThat(run.lines()).hasSize(5);
      assertThat(server.asked())
          .allSatisfy(asked -> assertThat(asked.body()).hasSizeLessThan(1 << 20))
          .hasSize(3);
    }
  }

  @Test
  void aFileIsTakenLineByLineOrAsAWhole() throws Exception {
    Path file = Files.writeString(folder.resolve("texts"), "a\n\n  \nb\n");
    try (var server = accepting()) {
      assertThat(CommandRun.of(server, "submit", "--file=" + file).lines()).hasSize(2);
      assertThat(CommandRun.of(server, "submit", "--whole", "--file=" + file).lines()).hasSize(1);
      assertThat(server.asked().getLast().json().path("input").asText()).isEqualTo("a\n\n  \nb\n");
    }
  }

  @Test
  void inputsMayBeJson() {
    try (var server = accepting()) {
      CommandRun.of(server, "submit", "--type=ping", "--input={\"n\":1}");
      assertThat(server.asked().getLast().json().at("/input/n").intValue()).isEqualTo(1);
      CommandRun.piped("{\"n\":2}\n", server, "submit", "--type=ping", "--json");
      assertThat(server.asked().getLast().json().at("/input/n").intValue()).isEqualTo(2);
      var bad = CommandRun.piped("{\"n\":2}\n{n", server, "submit", "--type=ping", "--json");
      assertThat(bad.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(bad.err()).contains("standard input, line 2 is not valid JSON");
    }
  }

  @Test
  void theLinesBeforeABadOneAreSubmittedAndCounted() {
    String[] command = {"submit", "--type=ping", "--json"};
    try (var server = accepting()) {
      var third = CommandRun.piped("{\"n\":1}\n{\"n\":2}\nbad\n{\"n\":4}\n", server, command);
      assertThat(third.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(third.lines()).containsExactly(brief("t1"), brief("t2"));
      assertThat(third.err())
          .isEqualTo(
              "penstock: standard input, line 3 is not valid JSON;"
                  + " 2 tasks before it were submitted\n");
      assertThat(CommandRun.piped("1\nbad\n", server, command).err())
          .endsWith("; 1 task before it was submitted\n");
      var first = CommandRun.piped("bad\n", server, command);
      assertThat(first.err()).endsWith("; no task was submitted\n");
      assertThat(first.out()).isEmpty();
      assertThat(server.asked()).hasSize(2);
    }
  }

  @Test
  void theTasksBeforeABadLineAreStillWaitedFor() {
    var acceptor = new Acceptor();
    try (var server =
        new ScriptedServer(asked ->
            asked.method().equals("POST")
                ? acceptor.accept(asked)
                : Said.json(200, ScriptedServer.task("t1", "failed")))) {
      var run = CommandRun.piped("1\nbad\n", server, "submit", "--json", "--wait");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines()).containsExactly(ScriptedServer.task("t1", "failed"));
    }
  }

  @Test
  void underAKeyOfItsOwnAnInputThatBreaksLeavesTheLastRequestForTheMendedOne() {
    String good = "1\n".repeat(Chunks.MAX_TASKS + 1);
    String[] command = {"submit", "--json", "--idempotency-key=k"};
    try (var server = accepting()) {
      var run = CommandRun.piped(good + "bad\n", server, command);
      assertThat(run.err()).endsWith("; 1,000 tasks before it were submitted\n");
      assertThat(server.asked()).hasSize(1);
    }
  }

  @Test
  void aConflictOfAnIdempotencyKeyIsTheTasksReply() {
    try (var server =
        new ScriptedServer(asked -> Said.error(409, "invalid_request_error", "Other content."))) {
      var run = CommandRun.of(server, "submit", "--idempotency-key=k", "a");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).isEmpty();
      assertThat(run.lines())
          .containsExactly(Said.error("invalid_request_error", "Other content."));
    }
  }

  @Test
  void aLostReplyIsAskedForAgainUnderTheSameKey() {
    var tries = new AtomicInteger();
    var acceptor = new Acceptor();
    try (var server =
        new ScriptedServer(
            asked -> tries.incrementAndGet() == 1 ? Said.nothing() : acceptor.accept(asked))) {
      var run = CommandRun.of(server, "submit", "a", "b");
      assertThat(run.code()).isZero();
      assertThat(run.lines()).containsExactly(brief("t1"), brief("t2"));
      assertThat(server.asked()).hasSize(2);
      assertThat(server.asked().getFirst().header("Idempotency-key"))
          .isNotEmpty()
          .isEqualTo(server.asked().getLast().header("Idempotency-key"));
    }
  }

  @Test
  void aFullServerIsAskedAgain() {
    var tries = new AtomicInteger();
    var acceptor = new Acceptor();
    try (var server =
        new ScriptedServer(
            asked -> tries.incrementAndGet() < 3 ? Said.full() : acceptor.accept(asked))) {
      assertThat(CommandRun.of(server, "submit", "a").lines()).containsExactly(brief("t1"));
      assertThat(tries).hasValue(3);
    }
  }

  @Test
  void aServerThatStaysFullEndsTheCommand() {
    try (var server = new ScriptedServer(asked -> Said.full())) {
      var run = CommandRun.of(server, "submit", "--retry-for=500ms", "a");
      assertThat(run.code()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(run.err()).isEqualTo("penstock: the server says (503): No room.\n");
      assertThat(run.out()).isEmpty();
      assertThat(server.asked()).hasSizeGreaterThan(1);
    }
  }

  @Test
  void onlyTheTasksThatFoundNoRoomAreSentAgain() {
    var tries = new AtomicInteger();
    String busy = Said.error("server_error", "No room.");
    try (var server =
        new ScriptedServer(asked ->
            tries.incrementAndGet() == 1
                ? Said.json(
                    202,
                    "{\"data\":[%s,%s,%s]}"
                        .formatted(
                            ScriptedServer.task("t1", "pending"),
                            busy,
                            Said.error("invalid_request_error", "Bad.")))
                : Said.json(202, ScriptedServer.task("t2", "pending")))) {
      var run = CommandRun.of(server, "submit", "a", "b", "c");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines()).startsWith(brief("t1"), brief("t2")).hasSize(3);
      assertThat(run.lines().getLast()).contains("\"message\":\"Bad.\"");
      Asked again = server.asked().getLast();
      assertThat(again.json().path("input").asText()).isEqualTo("b");
      assertThat(again.header("Idempotency-key"))
          .isNotEqualTo(server.asked().getFirst().header("Idempotency-key"));
    }
  }

  @Test
  void aRequestThatIsTooLargeIsHalved() {
    var acceptor = new Acceptor();
    try (var server =
        new ScriptedServer(asked ->
            asked.json().size() > 2 && asked.json().isArray()
                ? Said.error(413, "invalid_request_error", "Too large.")
                : acceptor.accept(asked))) {
      var run = CommandRun.of(server, "submit", "a", "b", "c", "d", "e");
      assertThat(run.code()).isZero();
      assertThat(run.lines())
          .containsExactly(brief("t1"), brief("t2"), brief("t3"), brief("t4"), brief("t5"));
      assertThat(server.asked().stream().map(asked -> asked.header("Idempotency-key")))
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void resultsArePrintedInTheOrderOfTheInputWhateverEndsFirst() {
    var acceptor = new Acceptor();
    var looks = new AtomicInteger();
    try (var server =
        new ScriptedServer(asked -> {
          if (asked.method().equals("POST")) {
            return acceptor.accept(asked);
          }
          String id = asked.path().replace("/v1/tasks/", "");
          boolean ended = !id.equals("t1") || looks.incrementAndGet() > 3;
          String end = id.equals("t2") ? "failed" : "completed";
          return Said.json(200, ScriptedServer.task(id, ended ? end : "processing"));
        })) {
      var run = CommandRun.of(server, "submit", "--wait", "a", "b", "c");
      assertThat(run.code()).isEqualTo(ExitCode.TASK_FAILED);
      List<JsonNode> tasks =
          run.lines().stream().map(line -> JsonLines.parse(line).orElseThrow()).toList();
      assertThat(tasks).extracting(Tasks::id).containsExactly("t1", "t2", "t3");
      assertThat(run.out()).contains("\"created_at\":1795330805.650");
    }
  }

  @Test
  void waitingThatTakesTooLongLeavesTheIds() {
    var acceptor = new Acceptor();
    try (var server =
        new ScriptedServer(asked ->
            asked.method().equals("POST")
                ? acceptor.accept(asked)
                : Said.json(200, ScriptedServer.task("t", "processing")))) {
      var run = CommandRun.of(server, "submit", "--wait", "--timeout=300ms", "a", "b");
      assertThat(run.code()).isEqualTo(ExitCode.TIMED_OUT);
      assertThat(run.lines()).containsExactly(brief("t1"), brief("t2"));
      assertThat(run.err()).contains("no result within");
    }
  }

  @Test
  void whatIsRefusedIsSaidWithTheServersWords() {
    try (var server =
        new ScriptedServer(asked -> Said.error(400, "invalid_request_error", "Bad input."))) {
      var run = CommandRun.of(server, "submit", "a");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.out()).contains("\"message\":\"Bad input.\"");
    }
    try (var server =
        new ScriptedServer(asked -> Said.error(401, "invalid_request_error", "Wrong key."))) {
      var run = CommandRun.of(server, "submit", "a");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).isEqualTo("penstock: the server says (401): Wrong key.\n");
    }
  }

  @Test
  void optionsThatDoNotGoTogetherAreRefused() {
    try (var server = accepting()) {
      assertThat(CommandRun.of(server, "submit", "a", "--file=f").err()).contains("exclude");
      assertThat(CommandRun.of(server, "submit", "a", "-").err()).contains("exclude");
      assertThat(CommandRun.of(server, "submit", "--whole", "--lines").err()).contains("exclude");
      assertThat(CommandRun.of(server, "submit", "--whole", "a").err()).contains("--file");
      var wrong = CommandRun.of(server, "submit", "--delay=3x", "a");
      assertThat(wrong.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(wrong.err()).contains("'3x' must be a time", "--help");
      assertThat(CommandRun.of(server, "submit", "--metadata=job", "a").err())
          .startsWith("penstock: Value for option '--metadata' (KEY=VALUE) should be");
      assertThat(server.asked()).isEmpty();
    }
  }

  @Test
  void bytesThatAreNoTextAreRefusedWithTheirPlace() {
    try (var server = accepting()) {
      byte[] bytes = "a\nb\u00ff\n".getBytes(StandardCharsets.ISO_8859_1);
      var run = CommandRun.with(new ByteArrayInputStream(bytes), false, server, "submit");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines()).containsExactly(brief("t1"));
      assertThat(run.err())
          .isEqualTo(
              "penstock: standard input, line 2 is not valid UTF-8;"
                  + " 1 task before it was submitted\n");
      var whole =
          CommandRun.with(new ByteArrayInputStream(bytes), false, server, "submit", "--whole");
      assertThat(whole.err()).isEqualTo("penstock: standard input is not valid UTF-8\n");
    }
  }

  @Test
  void aTerminalIsShownHowFarItIs() {
    try (var server = accepting()) {
      assertThat(CommandRun.watched(server, "submit", "a").err()).contains("1 submitted");
      assertThat(CommandRun.of(server, "submit", "a").err()).isEmpty();
    }
  }
}
