package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Backoff;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Follows one task's events to its end, over as many connections as that takes. */
final class TaskEvents {
  /** Three times as long as the server is silent at most. */
  private static final Duration SILENCE = Duration.ofSeconds(45);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final int NOT_NOW = 429;

  private final Client client;
  private final String id;
  private final Watcher watcher;
  private @Nullable String last;

  /** Gets the events as they come. */
  interface Watcher {
    void status(JsonNode task) throws Failure;

    void progress(JsonNode progress) throws Failure;

    /** The connection broke; another one is tried. */
    void lost();
  }

  TaskEvents(Client client, String id, Watcher watcher) {
    this.client = client;
    this.id = id;
    this.watcher = watcher;
  }

  /** Returns the task as it ended. */
  JsonNode follow() throws Failure, InterruptedException {
    client.get(Ids.path(id)).orFail(); // a task that is not there, a wrong key: said in full
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    Deadline limit = Deadline.in(client.retryFor());
    while (true) {
      String before = last;
      switch (client.open(Ids.path(id) + "/events", last)) {
        case Client.Opened.Events(var stream) -> {
          Optional<JsonNode> end = read(stream);
          if (end.isPresent()) {
            return end.get();
          }
        }
        case Client.Opened.Refused(int status) -> {
          if (status < NOT_NOW) {
            client.get(Ids.path(id)).orFail();
            throw Failure.refused(
                "the server answered %d instead of events: is it an older one?".formatted(status));
          }
        }
        case Client.Opened.Lost lost -> {}
      }
      if (last != null && !last.equals(before)) {
        backoff.reset();
        limit = Deadline.in(client.retryFor());
      }
      if (limit.over()) {
        throw new Failure(ExitCode.UNAVAILABLE, "the server sends no events of the task");
      }
      watcher.lost();
      limit.sleep(backoff.pause());
    }
  }

  /** Empty: the stream ended before the task did. */
  private Optional<JsonNode> read(InputStream stream) throws Failure, InterruptedException {
    try (var events = new EventStream(stream)) {
      while (true) {
        switch (events.next(SILENCE).orElseGet(EventStream.End::new)) {
          case EventStream.KeepAlive alive -> {}
          case EventStream.End end -> {
            return Optional.empty();
          }
          case EventStream.Event event -> {
            Optional<JsonNode> ended = take(event);
            if (ended.isPresent()) {
              return ended;
            }
          }
        }
      }
    }
  }

  private Optional<JsonNode> take(EventStream.Event event) throws Failure {
    if (!event.id().isEmpty()) {
      last = event.id();
    }
    JsonNode data = JsonLines.parse(event.data()).orElseGet(JsonLines::object);
    switch (event.name()) {
      case "status" -> {
        watcher.status(data);
        return Tasks.ended(data) ? Optional.of(data) : Optional.empty();
      }
      case "progress" -> watcher.progress(data);
      default -> {} // what a later server tells besides
    }
    return Optional.empty();
  }
}
