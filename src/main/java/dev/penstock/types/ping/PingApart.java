package dev.penstock.types.ping;

import dev.penstock.subprocess.ChildAnswer;
import dev.penstock.subprocess.ChildLimits;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.subprocess.Subprocess;
import dev.penstock.task.Outcome;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Runs pings in a child process, one at a time. */
final class PingApart {
  private static final ChildLimits LIMITS = ChildLimits.ofHeap(64);

  /** Beyond its sleep. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Subprocess process;

  PingApart(ChildProcesses children) {
    process = children.open(PingChild.NAME, LIMITS);
  }

  /** Has the child sleep and give the input back; null when it did. */
  @Nullable Outcome run(byte[] input, int sleepMs, boolean crash) throws InterruptedException {
    byte[] request = PingChild.request(input, sleepMs, crash);
    if (request.length > LIMITS.request()) {
      return Outcome.reject("the input is too long for a child process");
    }
    return switch (process.call(request, LIMIT.plusMillis(sleepMs))) {
      case ChildAnswer.Answered(byte[] bytes) ->
          Arrays.equals(bytes, input) ? null : Outcome.retry("other bytes came back");
      case ChildAnswer.Refused(String error) -> Outcome.retry(error);
      case ChildAnswer.Crashed(String reason) -> Outcome.retry(reason);
      case ChildAnswer.Unavailable(_, Duration again) -> new Outcome.Postpone(again);
    };
  }
}
