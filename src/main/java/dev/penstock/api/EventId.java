package dev.penstock.api;

import dev.penstock.pieces.Position;
import dev.penstock.task.Task;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a client has seen of a task: the status that it was told last, and how far it has come with
 * the pieces. It travels as the {@code id} of events and comes back as {@code Last-Event-ID}.
 *
 * @param status changes with everything but the progress; null: none was told
 */
record EventId(@Nullable String status, Position position) {
  private static final char BETWEEN = '/';

  /** What a client sends back; null: it has seen nothing. */
  static EventId of(@Nullable String header) {
    if (header == null) {
      return new EventId(null, Position.START);
    }
    int between = header.lastIndexOf(BETWEEN);
    return between < 0
        ? new EventId(header, Position.START)
        : new EventId(
            header.substring(0, between),
            Position.parse(header.substring(between + 1)).orElse(Position.START));
  }

  static String status(Task task) {
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

  /** A client that has read no pieces is told no place among them. */
  @Override
  public String toString() {
    boolean none = position.run() == 0 && !position.gap();
    return (status == null ? "" : status) + (none ? "" : BETWEEN + position.toString());
  }
}
