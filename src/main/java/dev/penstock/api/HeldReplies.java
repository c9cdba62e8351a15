package dev.penstock.api;

import dev.penstock.config.Settings;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec.Retention;
import dev.penstock.task.TaskState;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What routes that hold their requests say, beside the results. */
final class HeldReplies {
  private static final double NANOS_PER_MS = 1e6;

  private HeldReplies() {}

  /**
   * How long a held request's task is kept.
   *
   * @param theirsOnly nobody but those who wait for it will know of it
   */
  static Retention kept(Settings settings, boolean theirsOnly) {
    return theirsOnly
        ? new Retention(settings.syncTtl(), settings.syncTtl())
        : new Retention(settings.task().ttl(), settings.failedTtl());
  }

  /** The time is over, and the client gets no more than the task's id. */
  static Refusal pending(TaskId id) {
    return new Refusal(notReady(id), id);
  }

  static ApiError notReady(TaskId id) {
    return new ApiError(
        503,
        ApiError.SERVER_ERROR,
        null,
        "task_pending",
        "The result is not ready yet; GET /v1/tasks/" + id + "/result has it when it is.",
        ApiError.Again.SOON);
  }

  /**
   * The same of a client that takes an id.
   *
   * @param preferred whether it has said so by the header
   */
  static Reply accepted(TaskId id, boolean preferred) {
    Reply reply =
        Reply.object(
                202,
                json -> {
                  json.writeStringField("id", id.value());
                  json.writeStringField("object", "task");
                  json.writeStringField("status", TaskState.PENDING.json());
                })
            .with("X-Task-Id", id.value())
            .with("Location", "/v1/tasks/" + id);
    return preferred ? reply.with("Preference-Applied", "respond-async") : reply;
  }

  /**
   * How long it took, as headers.
   *
   * @param came since when the caller has waited for the task, which may have been there before
   */
  static Map<String, String> times(Exchange exchange, Task task, Instant came) {
    var headers = new LinkedHashMap<String, String>();
    headers.put("x-queue-ms", millis(came, task.startedAt()));
    headers.put("x-inference-ms", millis(later(came, task.startedAt()), task.finishedAt()));
    headers.put("x-total-ms", millis(System.nanoTime() - exchange.started()));
    return headers;
  }

  private static @Nullable Instant later(Instant came, @Nullable Instant started) {
    return started == null || started.isAfter(came) ? started : came;
  }

  private static String millis(@Nullable Instant from, @Nullable Instant to) {
    return from == null || to == null ? "0" : millis(Duration.between(from, to).toNanos());
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.3f", Math.max(0, nanos) / NANOS_PER_MS);
  }
}
