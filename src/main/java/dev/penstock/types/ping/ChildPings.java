package dev.penstock.types.ping;

import dev.penstock.task.ChildTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.EndedChildren.Child;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler.Control;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pings that a ping makes: a number of them, so many in flight at a time. What is known of them
 * does not grow with their number.
 *
 * @param window how many may be in flight
 * @param sleepMs how long each sleeps
 * @param failTimes how often each fails
 */
record ChildPings(int number, int window, int sleepMs, int failTimes) {
  static final int MOST = 1_000_000;
  static final int USUAL_WINDOW = 16;
  private static final int PAGE = 500;
  private static final Lane LANE = new Lane(PingType.NAME, null);

  /**
   * How far it is.
   *
   * @param asked how many children were made
   */
  record Counts(int asked, int completed, int failed) {
    private static final int BYTES = 3 * Integer.BYTES;

    static Counts of(byte @Nullable [] checkpoint) {
      if (checkpoint == null || checkpoint.length != BYTES) {
        return new Counts(0, 0, 0);
      }
      var bytes = ByteBuffer.wrap(checkpoint);
      return new Counts(bytes.getInt(), bytes.getInt(), bytes.getInt());
    }

    byte[] bytes() {
      return ByteBuffer.allocate(BYTES).putInt(asked).putInt(completed).putInt(failed).array();
    }

    int read() {
      return completed + failed;
    }

    Counts and(List<Child> ended) {
      int worked =
          (int) ended.stream().filter(child -> child.state() == TaskState.COMPLETED).count();
      return new Counts(asked, completed + worked, failed + ended.size() - worked);
    }

    Counts withAsked(int more) {
      return new Counts(asked + more, completed, failed);
    }
  }

  /** Reads what has ended and was not read before, and counts it. */
  Counts read(Control control) throws InterruptedException {
    Counts counts = Counts.of(control.checkpoint());
    EndedChildren page;
    do {
      page = control.children(PAGE);
      if (!page.children().isEmpty()) {
        counts = counts.and(page.children());
        List<TaskId> read = page.children().stream().map(Child::id).toList();
        control.checkpoint(counts.bytes(), read);
      }
    } while (page.more());
    control.progress(new Progress(counts.read(), number, "children ended"));
    return counts;
  }

  boolean done(Counts counts) {
    return counts.read() >= number;
  }

  /** Makes more of them, as many as fit, and waits until half the window is free. */
  Outcome more(Task task, Counts counts) {
    int inFlight = counts.asked - counts.read();
    int most = Math.min(window - inFlight, Outcome.Await.MOST_CHILDREN);
    int more = Math.max(0, Math.min(number - counts.asked, most));
    List<ChildTask> children = new ArrayList<>(more);
    for (int i = 1; i <= more; i++) {
      children.add(child(counts.asked + i, task.spec().retention().failed()));
    }
    Counts then = counts.withAsked(more);
    int wakeAt = then.asked < number ? window / 2 : 0;
    return new Outcome.Await(children, wakeAt, null, false, then.bytes());
  }

  /** One that worked is gone as soon as it is read. */
  private ChildTask child(int index, Duration failedKept) {
    String input =
        failTimes == 0
            ? "{\"n\":%d,\"sleep_ms\":%d}".formatted(index, sleepMs)
            : "{\"n\":%d,\"sleep_ms\":%d,\"fail_times\":%d}".formatted(index, sleepMs, failTimes);
    return new ChildTask(
        Integer.toString(index),
        LANE,
        input.getBytes(StandardCharsets.UTF_8),
        null,
        null,
        new Retention(Duration.ZERO, failedKept),
        Map.of());
  }
}
