package dev.penstock.admin;

import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task in a list, ready to print.
 *
 * @param state what it is called, which says more than the API does: {@code scheduled}
 * @param shortId the end of its id, which is what tells it from others
 * @param duration of its last run; a dash when there was none
 * @param error in short; empty: none
 */
public record TaskRow(
    String id,
    String shortId,
    String state,
    String type,
    String model,
    int priority,
    String attempts,
    TimeText created,
    String duration,
    @Nullable Bar progress,
    String error) {
  private static final int SHORT = 8;
  private static final int MAX_ERROR = 120;

  /** How far a running task is. */
  public record Bar(long done, long total, String words) {
    static @Nullable Bar of(Task task) {
      Progress progress = task.progress();
      if (progress == null || task.state() != TaskState.PROCESSING || progress.total() == 0) {
        return null;
      }
      return new Bar(
          progress.done(),
          progress.total(),
          Times.count(progress.done()) + " of " + Times.count(progress.total()));
    }
  }

  public String path() {
    return TaskQuery.PATH + "/" + id;
  }

  static TaskRow of(Task task, Instant now) {
    String id = task.id().value();
    String model = task.spec().lane().model();
    return new TaskRow(
        id,
        end(id),
        state(task, now),
        task.spec().lane().type(),
        model == null ? "" : model,
        task.spec().priority().value(),
        attempts(task),
        TimeText.past(task.createdAt(), now),
        ran(task, now),
        Bar.of(task),
        error(task));
  }

  static String state(Task task, Instant now) {
    Instant runAt = task.spec().runAt();
    return task.state() == TaskState.PENDING && runAt != null && runAt.isAfter(now)
        ? "scheduled"
        : task.state().json();
  }

  static String attempts(Task task) {
    return task.attempts() + " of " + task.spec().maxAttempts();
  }

  static String ran(Task task, Instant now) {
    Instant started = task.startedAt();
    if (started == null || task.state() == TaskState.PENDING) {
      return "–";
    }
    Instant finished = task.finishedAt();
    return finished == null
        ? Times.age(started, now)
        : Times.duration(Duration.between(started, finished));
  }

  /** The end of an id, which is what tells it from others. */
  static String end(String id) {
    return id.substring(id.length() - SHORT);
  }

  private static String error(Task task) {
    if (task.expired()) {
      return "expired: not begun in time";
    }
    if (task.error() == null || task.state() == TaskState.COMPLETED) {
      return "";
    }
    String message = task.error().message();
    return message.length() > MAX_ERROR ? message.substring(0, MAX_ERROR) + "…" : message;
  }
}
