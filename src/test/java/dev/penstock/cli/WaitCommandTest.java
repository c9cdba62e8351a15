package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ScriptedServer.Said;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class WaitCommandTest {

  /** Tasks end when they have been looked at so often. */
  private static ScriptedServer endingAfter(Map<String, Integer> looks) {
    var seen = new ConcurrentHashMap<String, Integer>();
    return new ScriptedServer(asked -> {
      String id = asked.path().replace("/v1/tasks/", "");
      boolean ended = seen.merge(id, 1, Integer::sum) > looks.getOrDefault(id, 0);
      return Said.json(200, ScriptedServer.task(id, ended ? "completed" : "processing"));
    });
  }

  @Test
  void eachTaskIsPrintedOnceAsItEnds() {
    try (var server = endingAfter(Map.of("slow", 3))) {
      var run = CommandRun.of(server, "wait", "slow", "quick", "slow", "second");
      assertThat(run.code()).isZero();
      assertThat(run.lines())
          .containsExactly(
              ScriptedServer.task("quick", "completed"),
              ScriptedServer.task("second", "completed"),
              ScriptedServer.task("slow", "completed"));
    }
  }

  @Test
  void idsComeFromStandardInputBareOrInJsonLines() {
    try (var server = endingAfter(Map.of())) {
      String input = "one\n\n{\"id\":\"two\",\"status\":\"pending\"}\r\n {\"id\":\"three\"}";
      var run = CommandRun.piped(input, server, "wait", "-");
      assertThat(run.code()).isZero();
      assertThat(run.out()).contains("\"one\"", "\"two\"", "\"three\"");
    }
  }

  @Test
  void aTaskThatWasRefusedCountsWhenTheOthersHaveEnded() {
    try (var server = endingAfter(Map.of())) {
      var run =
          CommandRun.piped("{\"error\":{\"message\":\"no\"}}\n{\"id\":\"a\"}", server, "wait", "-");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.out()).contains("\"a\"");
    }
  }

  @Test
  void whatIsNoIdIsRefusedWithItsLine() {
    try (var server = endingAfter(Map.of())) {
      var run = CommandRun.piped("a\n../../metrics\n", server, "wait", "-");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.err()).contains("standard input, line 2");
      assertThat(CommandRun.of(server, "wait", "a?b").err()).contains("'a?b' is no id of a task");
      assertThat(CommandRun.of(server, "wait").code()).isEqualTo(ExitCode.REFUSED);
    }
  }

  @Test
  void manyTasksAreWaitedForWithoutAskingForAllAtOnce() {
    String ids = IntStream.range(0, 500).mapToObj(i -> "t" + i).collect(Collectors.joining("\n"));
    Map<String, Integer> slow = Map.of("t0", 4, "t77", 2, "t499", 3);
    try (var server = endingAfter(slow)) {
      var run = CommandRun.piped(ids, server, "wait", "-");
      assertThat(run.code()).isZero();
      assertThat(run.lines()).hasSize(500).doesNotHaveDuplicates();
    }
  }

  @Test
  void theWaitEndsWithItsTimeEvenWhileIdsMayStillCome() throws Exception {
    int ever = Integer.MAX_VALUE;
    try (var server = endingAfter(Map.of("never", ever, "never2", ever));
        var writer = new PipedOutputStream();
        var pipe = new PipedInputStream(writer)) {
      var open = CommandRun.with(pipe, false, server, "wait", "-", "--timeout=200ms");
      assertThat(open.code()).isEqualTo(ExitCode.TIMED_OUT);
      assertThat(open.err()).contains("no more ids came in time");
      var run = CommandRun.of(server, "wait", "never", "--timeout=200ms");
      assertThat(run.code()).isEqualTo(ExitCode.TIMED_OUT);
      assertThat(run.err()).isEqualTo("penstock: 1 task has not ended in time: never\n");
      var two = CommandRun.of(server, "wait", "never", "never2", "--timeout=200ms");
      assertThat(two.err()).contains("2 tasks have not ended in time, the first is never");
    }
  }

  @Test
  void aFailedTaskAndAnUnknownOneShowInTheExitCode() {
    try (var server =
        new ScriptedServer(asked ->
            switch (asked.path()) {
              case "/v1/tasks/bad" -> Said.json(200, ScriptedServer.task("bad", "cancelled"));
              case "/v1/tasks/good" -> Said.json(200, ScriptedServer.task("good", "completed"));
              default -> Said.error(404, "invalid_request_error", "There is no such task.");
            })) {
      assertThat(CommandRun.of(server, "wait", "good").code()).isZero();
      assertThat(CommandRun.of(server, "wait", "good", "bad").code())
          .isEqualTo(ExitCode.TASK_FAILED);
      var run = CommandRun.of(server, "wait", "good", "bad", "gone");
      assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.lines()).hasSize(2);
      assertThat(run.err())
          .isEqualTo("penstock: gone: the server says (404): There is no such task.\n");
    }
  }

  @Test
  void aServerThatComesBackIsAskedAgain() {
    var tries = new AtomicInteger();
    try (var server =
        new ScriptedServer(asked ->
            tries.incrementAndGet() < 3
                ? Said.error(500, "server_error", "Broken.")
                : Said.json(200, ScriptedServer.task("a", "completed")))) {
      assertThat(CommandRun.of(server, "wait", "a").code()).isZero();
      assertThat(tries).hasValue(3);
    }
  }

  @Test
  void anInterruptedCommandEndsAsShellsCountIt() {
    try (var server = endingAfter(Map.of("never", Integer.MAX_VALUE))) {
      Thread.currentThread().interrupt();
      var run = CommandRun.of(server, "wait", "never");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(run.code()).isEqualTo(ExitCode.INTERRUPTED);
    }
  }
}
