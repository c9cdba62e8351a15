package dev.penstock.api;

import dev.penstock.api.Watches.Watch;
import dev.penstock.json.StrictJson;
import dev.penstock.json.StrictJson.Writer;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.web.Answer;
import dev.penstock.web.EventStream;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/tasks/{id}/events}: a task's way to its end, as server-sent events. */
final class TaskEvents {
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

  private final OwnTasks own;
  private final Watches watches;

  TaskEvents(OwnTasks own, Watches watches) {
    this.own = own;
    this.watches = watches;
  }

  Answer stream(Exchange exchange) throws InterruptedException {
    Task task = own.find(exchange);
    String seen = exchange.header("Last-Event-ID");
    if (task.state().ended() && fingerprint(task).equals(seen)) {
      // Browsers would come back for ever: this is what tells them that there is no more.
      return nothing(204);
    }
    if (exchange.request().method().equals(HttpMethod.HEAD)) {
      return nothing(200);
    }
    return new EventStream(sink -> follow(task, seen, sink));
  }

  private static Reply nothing(int status) {
    return Reply.of(status, "text/event-stream", new byte[0]).with("Cache-Control", "no-store");
  }

  private void follow(Task first, @Nullable String seen, EventStream.Sink sink)
      throws InterruptedException {
    String told = seen;
    Progress progress = null;
    try (Watch watch = watches.watch(first)) {
      for (Optional<Task> now = Optional.of(first); now.isPresent(); now = next(watch, sink)) {
        Task task = now.get();
        String fingerprint = fingerprint(task);
        if (!fingerprint.equals(told)) {
          sink.event("status", fingerprint, text(json -> TaskJson.writeBrief(json, task)));
          told = fingerprint;
        } else if (task.progress() != null && !task.progress().equals(progress)) {
          Progress newest = task.progress();
          sink.event("progress", "", text(json -> TaskJson.writeProgress(json, newest)));
        }
        progress = task.progress();
        if (task.state().ended()) {
          return;
        }
      }
    }
  }

  private static Optional<Task> next(Watch watch, EventStream.Sink sink)
      throws InterruptedException {
    while (!watch.await(KEEP_ALIVE)) {
      sink.keepAlive();
    }
    return watch.newest();
  }

  /** Changes with everything but the progress. */
  private static String fingerprint(Task task) {
    return "%s.%d.%d.%d.%d"
        .formatted(
            task.state().json(),
            task.attempts(),
            task.lost(),
            millis(task.startedAt()),
            millis(task.finishedAt()));
  }

  private static long millis(@Nullable Instant time) {
    return time == null ? 0 : time.toEpochMilli();
  }

  private static String text(Writer writer) {
    return new String(StrictJson.write(writer), StandardCharsets.UTF_8);
  }
}
