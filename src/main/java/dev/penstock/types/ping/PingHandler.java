package dev.penstock.types.ping;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.JsonMappers;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Gives its input back: for trying the queue and measuring it. On demand it takes its time, fails,
 * makes other pings and waits for them, or kills the process.
 */
final class PingHandler implements TaskHandler {
  private static final int MAX_SLEEP_MS = 600_000;
  private static final int MAX_STEPS = 1_000;

  /** What a shell shows for a process that was killed with signal 9. */
  private static final int KILLED = 137;

  private final String worker;
  private final boolean mayCrash;
  private final PingApart apart;

  /**
   * @param mayCrash false: {@code crash} is refused, since whoever may submit could stop the
   *     program
   * @param apart runs those that ask for a child process
   */
  PingHandler(String worker, boolean mayCrash, PingApart apart) {
    this.worker = worker;
    this.mayCrash = mayCrash;
    this.apart = apart;
  }

  @Override
  public String type() {
    return PingType.NAME;
  }

  @Override
  public String inputSchema() {
    return PingType.INPUT;
  }

  @Override
  public String outputSchema() {
    return PingType.OUTPUT;
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    byte[] json = task.spec().input();
    try {
      JsonNode input = JsonMappers.PLAIN.readTree(json);
      if (!input.isObject()) {
        throw new InvalidInput("the input of a ping must be an object");
      }
      if (input.has("n") && !whole(input.get("n"))) {
        throw new InvalidInput("n must be a whole number");
      }
      int sleep = number(input, "sleep_ms", 0, 0, MAX_SLEEP_MS);
      int steps = number(input, "steps", 1, 1, MAX_STEPS);
      int emit = number(input, "emit", 0, 0, PingPieces.MOST);
      int failTimes = number(input, "fail_times", 0, 0, Integer.MAX_VALUE);
      ChildPings children = children(input, sleep, failTimes);
      boolean crash = crash(input);
      if (flag(input, "subprocess")) {
        Outcome failure = apart.run(json, sleep, crash);
        if (failure != null) {
          return failure;
        }
      } else if (crash) {
        Runtime.getRuntime().halt(KILLED);
      } else if (children != null) {
        ChildPings.Counts counts = children.read(control);
        return children.done(counts)
            ? new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, echo(json, counts)))
            : children.more(task, counts);
      } else if (emit > 0) {
        PingPieces.emit(emit, sleep, control);
      } else {
        sleep(sleep, steps, control);
      }
      if (task.attempts() < failTimes) {
        return new Outcome.Retry(
            new TaskError(
                TaskError.Code.HANDLER_FAILED,
                "failed as asked, attempt %d of %d".formatted(task.attempts() + 1, failTimes)));
      }
      return new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, echo(json, null)));
    } catch (JsonProcessingException e) {
      return new InvalidInput("the input is not JSON: " + e.getOriginalMessage()).reject();
    } catch (IOException e) {
      return new InvalidInput("the input is not JSON: " + e.getMessage()).reject();
    } catch (InvalidInput e) {
      return e.reject();
    }
  }

  /** Null: it makes none. */
  private static @Nullable ChildPings children(JsonNode input, int sleep, int failTimes) {
    int window = number(input, "window", ChildPings.USUAL_WINDOW, 1, Outcome.Await.MOST_OPEN);
    int children = number(input, "children", 0, 1, ChildPings.MOST);
    return children == 0 ? null : new ChildPings(children, window, sleep, failTimes);
  }

  private boolean crash(JsonNode input) {
    boolean crash = flag(input, "crash");
    if (crash && !mayCrash) {
      throw new InvalidInput("this program does not crash on demand: ping.allow-crash is off");
    }
    return crash;
  }

  private static boolean flag(JsonNode input, String field) {
    JsonNode node = input.path(field);
    if (!node.isMissingNode() && !node.isBoolean()) {
      throw new InvalidInput(field + " must be true or false");
    }
    return node.booleanValue();
  }

  private static void sleep(int millis, int steps, Control control) throws InterruptedException {
    if (millis == 0 && steps == 1) {
      return;
    }
    for (int step = 1; step <= steps; step++) {
      // The difference of two shares, so that all of them add up to the whole.
      long share = (long) millis * step / steps - (long) millis * (step - 1) / steps;
      Thread.sleep(Duration.ofMillis(share));
      control.progress(new Progress(step, steps, "slept"));
    }
  }

  private static int number(JsonNode input, String field, int absent, int least, int most) {
    JsonNode node = input.path(field);
    if (node.isMissingNode()) {
      return absent;
    }
    if (!whole(node)
        || !node.canConvertToInt()
        || node.intValue() < least
        || node.intValue() > most) {
      throw new InvalidInput(
          "%s must be a whole number between %d and %d".formatted(field, least, most));
    }
    return node.intValue();
  }

  /** As the schema has it: 1.0 and 1e3 are whole numbers too. */
  private static boolean whole(JsonNode node) {
    return node.isNumber() && node.canConvertToExactIntegral() && node.canConvertToLong();
  }

  /** The input goes back byte for byte. */
  private byte[] echo(byte[] json, ChildPings.@Nullable Counts children) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(json.length + worker.length() + 32);
    out.write("{\"echo\":".getBytes(StandardCharsets.UTF_8));
    out.write(json);
    out.write(",\"worker\":".getBytes(StandardCharsets.UTF_8));
    out.write(JsonMappers.PLAIN.writeValueAsBytes(worker));
    if (children != null) {
      String counts =
          ",\"children\":{\"completed\":%d,\"failed\":%d}"
              .formatted(children.completed(), children.failed());
      out.write(counts.getBytes(StandardCharsets.UTF_8));
    }
    out.write('}');
    return out.toByteArray();
  }
}
