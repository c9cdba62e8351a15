package dev.penstock.apart;

import static java.util.Objects.requireNonNull;

import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.subprocess.ChildLoop;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A child process whose tasks say in their inputs what they do. */
final class TestSuspects implements TaskHandler {
  /** Whether one in this process has said all its chatter. */
  static final CountDownLatch CHATTERED = new CountDownLatch(1);

  private TestSuspects() {}

  /** As the program's own command {@code child} has it. */
  public static void main(String[] arguments) {
    ChildLoop.run(new ApartChild(TestSuspects::open), Long.parseLong(arguments[2]));
  }

  static Function<String, Optional<TaskHandler>> open(String worker, Map<String, String> settings) {
    if (settings.containsKey("die")) {
      Runtime.getRuntime().halt(9);
    }
    return type -> type.equals("scripted") ? Optional.of(new TestSuspects()) : Optional.empty();
  }

  @Override
  public String type() {
    return "scripted";
  }

  @Override
  public String inputSchema() {
    return "{}";
  }

  @Override
  public String outputSchema() {
    return "{}";
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    String[] words = new String(task.spec().input(), StandardCharsets.UTF_8).split(" ", 2);
    switch (words[0]) {
      case "die" -> {
        Thread.sleep(Long.parseLong(words[1]));
        Runtime.getRuntime().halt(137);
      }
      case "sleep" -> Thread.sleep(Long.parseLong(words[1]));
      case "throw" -> throw new IllegalStateException(words[1]);
      case "deaf" -> {
        while (true) {
          Thread.onSpinWait();
        }
      }
      case "wait" -> waitForATurn(control, Long.parseLong(words[1]));
      case "talk" -> talk(control);
      case "remember" -> remember(control);
      case "chatter" -> {
        for (int left = Integer.parseInt(words[1]); left > 0; left--) {
          control.emit(1);
        }
        CHATTERED.countDown();
      }
      default -> {
        return Outcome.reject("what is " + words[0]);
      }
    }
    return new Outcome.Done(TaskOutput.json(Long.toString(ProcessHandle.current().pid())));
  }

  private static void waitForATurn(Control control, long seconds) {
    TimeLimit limit = requireNonNull(TimedControl.of(control));
    if (limit.nanosLeft() > TimeUnit.SECONDS.toNanos(seconds)) {
      throw new IllegalStateException("it has more than its task's time");
    }
    limit.stand();
    limit.pass();
    limit.goOn();
  }

  /** Leaves and emits something when it is stopped, and ends well. */
  private static void remember(Control control) {
    try {
      Thread.sleep(Duration.ofMinutes(1));
    } catch (InterruptedException e) {
      control.checkpoint("its last state".getBytes(StandardCharsets.UTF_8));
      control.emit("its last piece");
    }
  }

  private static void talk(Control control) throws InterruptedException {
    control.progress(new Progress(1, 2, "half"));
    byte[] left = control.checkpoint();
    List<TaskOutput> heard = control.heard(3);
    control.emitFrom(3 + heard.size());
    control.emit("piece");
    EndedChildren page = control.children(7);
    control.checkpoint(
        left == null ? new byte[0] : left,
        page.children().stream().map(EndedChildren.Child::id).toList());
  }
}
