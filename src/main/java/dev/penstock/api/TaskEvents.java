package dev.penstock.api;

import dev.penstock.pieces.PieceHub;
import dev.penstock.task.Task;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.web.Answer;
import dev.penstock.web.EventStream;
import dev.penstock.web.Exchange;
import dev.penstock.web.Reply;
import io.vertx.core.http.HttpMethod;

/** {@code GET /v1/tasks/{id}/events}: a task's way to its end, as server-sent events. */
final class TaskEvents {
  private final OwnTasks own;
  private final Watches watches;
  private final PieceHub pieces;
  private final TaskTypes types;

  TaskEvents(OwnTasks own, Watches watches, PieceHub pieces, TaskTypes types) {
    this.own = own;
    this.watches = watches;
    this.pieces = pieces;
    this.types = types;
  }

  Answer stream(Exchange exchange) throws InterruptedException {
    Task task = own.find(exchange);
    EventId seen = EventId.of(exchange.header("Last-Event-ID"));
    if (task.state().ended() && EventId.status(task).equals(seen.status())) {
      // Browsers would come back for ever: this is what tells them that there is no more.
      return nothing(204);
    }
    if (exchange.request().method().equals(HttpMethod.HEAD)) {
      return nothing(200);
    }
    Task first = task.withOutput(null); // it may be followed for long
    boolean emits = types.find(task.spec().lane().type()).map(TaskType::emits).orElse(true);
    return new EventStream(sink -> {
      try (var follower = new EventFollower(exchange, own, sink, first, seen)) {
        follower.follow(watches, emits ? pieces : null);
      }
    });
  }

  private static Reply nothing(int status) {
    return Reply.of(status, "text/event-stream", new byte[0]).with("Cache-Control", "no-store");
  }
}
