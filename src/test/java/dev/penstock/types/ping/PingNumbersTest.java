package dev.penstock.types.ping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.worker.TestTasks;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A number is refused when a ping is submitted, or never: not once it runs. */
final class PingNumbersTest {

  private static boolean accepted(String input) {
    try {
      new PingType()
          .accept(StrictJson.parse(input.getBytes(StandardCharsets.UTF_8)), "input", null);
      return true;
    } catch (InvalidInput e) {
      assertThat(e.param()).startsWith("input.");
      return false;
    }
  }

  private static Outcome run(String input) throws InterruptedException {
    try (var children = new ChildProcesses("dev.penstock.Main", _ -> {})) {
      var ping = new PingHandler("worker-1", false, new PingApart(children));
      return ping.run(TestTasks.task(new Lane("ping", null), input, 0), _ -> {});
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"n\":1e20}",
        "{\"n\":-1e20}",
        "{\"n\":100000000000000000000}",
        "{\"n\":1.5}",
        "{\"n\":1e-3}",
        "{\"sleep_ms\":1e20}",
        "{\"sleep_ms\":0.5}",
        "{\"steps\":1e300}",
        "{\"steps\":1.5}",
        "{\"emit\":1e20}",
        "{\"emit\":-0.5}",
        "{\"fail_times\":1e20}",
        "{\"fail_times\":2147483648}",
        "{\"children\":1e20}",
        "{\"window\":1.5}",
      })
  void whatNoPingCanReadIsRefusedAtItsSubmit(String input) throws Exception {
    assertThat(accepted(input)).isFalse();
    assertThat(run(input)).isInstanceOf(Outcome.Reject.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"n\":9223372036854775806}",
        "{\"n\":-9223372036854775807}",
        "{\"n\":1e18}",
        "{\"n\":-0.0}",
        "{\"sleep_ms\":1e0,\"steps\":2.0}",
        "{\"emit\":1E1}",
        "{\"fail_times\":2147483647}",
        "{\"fail_times\":1.0}",
        "{\"children\":1e1,\"window\":4.0}",
      })
  void aWholeNumberIsOneHoweverItIsWritten(String input) throws Exception {
    assertThat(accepted(input)).isTrue();
    assertThat(run(input)).isNotInstanceOf(Outcome.Reject.class);
  }
}
