package dev.penstock.types.ping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskError;
import dev.penstock.worker.TestTasks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PingHandlerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ChildProcesses children = new ChildProcesses("dev.penstock.Main", _ -> {});
  private final PingHandler ping = new PingHandler("worker-1", false, new PingApart(children));
  private final List<Progress> reports = new ArrayList<>();

  @AfterEach
  void end() {
    children.close();
  }

  @Test
  void theInputComesBackWithTheWorker() throws Exception {
    Outcome outcome = run("{\"n\":7,\"more\":{\"x\":[1,\"ü\"]}}", 0);

    JsonNode result = JSON.readTree(((Outcome.Done) outcome).output().bytes());
    assertThat(result)
        .isEqualTo(
            JSON.readTree(
                "{\"echo\":{\"n\":7,\"more\":{\"x\":[1,\"ü\"]}},\"worker\":\"worker-1\"}"));
    assertThat(reports).isEmpty();
  }

  @Test
  void everyStepIsReported() throws Exception {
    assertThat(run("{\"sleep_ms\":10,\"steps\":4}", 0)).isInstanceOf(Outcome.Done.class);
    assertThat(reports).extracting(Progress::done).containsExactly(1L, 2L, 3L, 4L);
    assertThat(reports).extracting(Progress::total).containsOnly(4L);
  }

  @Test
  void itFailsAsOftenAsAsked() throws Exception {
    assertThat(run("{\"fail_times\":2}", 0))
        .isInstanceOfSatisfying(
            Outcome.Retry.class,
            retry -> assertThat(retry.error().code()).isEqualTo(TaskError.Code.HANDLER_FAILED));
    assertThat(run("{\"fail_times\":2}", 1)).isInstanceOf(Outcome.Retry.class);
    assertThat(run("{\"fail_times\":2}", 2)).isInstanceOf(Outcome.Done.class);
  }

  @Test
  void badInputIsRejected() throws Exception {
    for (String input :
        List.of(
            "",
            "{",
            "[]",
            "7",
            "{\"sleep_ms\":-1}",
            "{\"sleep_ms\":600001}",
            "{\"sleep_ms\":\"1\"}",
            "{\"steps\":0}",
            "{\"steps\":1001}",
            "{\"fail_times\":1.5}",
            "{\"n\":\"x\"}",
            "{\"children\":0}",
            "{\"children\":1000001}",
            "{\"children\":1,\"window\":1025}",
            "{\"crash\":1}",
            "{\"subprocess\":\"yes\"}",
            "{\"crash\":true}")) {
      assertThat(run(input, 0))
          .as(input)
          .isInstanceOfSatisfying(
              Outcome.Reject.class,
              reject -> assertThat(reject.error().code()).isEqualTo(TaskError.Code.INVALID_INPUT));
    }
  }

  @Test
  void oneMayRunInAChildProcessAndCrashThat() throws Exception {
    String input = "{\"n\":7,\"subprocess\":true,\"fail_times\":1}";
    assertThat(run(input, 0)).isInstanceOf(Outcome.Retry.class);
    JsonNode result = JSON.readTree(((Outcome.Done) run(input, 1)).output().bytes());
    assertThat(result.get("echo")).isEqualTo(JSON.readTree(input));
    assertThat(run("{\"crash\":true,\"subprocess\":true}", 0))
        .as("not where crashes are off")
        .isInstanceOf(Outcome.Reject.class);

    var crashing = new PingHandler("worker-1", true, new PingApart(children));
    assertThat(run(crashing, "{\"crash\":true,\"subprocess\":true}", 0))
        .isInstanceOfSatisfying(
            Outcome.Retry.class,
            retry -> {
              assertThat(retry.error().code()).isEqualTo(TaskError.Code.HANDLER_FAILED);
              assertThat(retry.error().message()).contains("child process ping ended: exit 137");
            });
    assertThat(run(crashing, input, 1)).isInstanceOf(Outcome.Done.class);
  }

  @Test
  void anInterruptEndsTheSleep() throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                run("{\"sleep_ms\":600000}", 0);
                interrupted.complete(false);
              } catch (InterruptedException e) {
                interrupted.complete(true);
              }
            });
    thread.interrupt();

    assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
    assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
  }

  private Outcome run(String input, int attempts) throws InterruptedException {
    return run(ping, input, attempts);
  }

  private Outcome run(PingHandler ping, String input, int attempts) throws InterruptedException {
    return ping.run(TestTasks.task(new Lane("ping", null), input, attempts), reports::add);
  }
}
