package dev.penstock.storage.redis;

import dev.penstock.storage.TaskStore.Cancellation;
import dev.penstock.storage.TaskStore.Retrial;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What people do to tasks: cancel them, and run them again. */
final class RedisManualChanges {
  private final RedisCalls calls;
  private final RedisCandidates candidates;

  RedisManualChanges(RedisCalls calls, RedisCandidates candidates) {
    this.calls = calls;
    this.candidates = candidates;
  }

  List<Cancellation> cancel(List<TaskId> ids) {
    return calls.tasks(
        RedisScript.CANCEL, List.of(0), ids, List::of, RedisManualChanges::cancellation);
  }

  private static Cancellation cancellation(TaskId id, @Nullable Response answer) {
    return switch (RedisTasks.kind(answer)) {
      case "UNKNOWN" -> new Cancellation.Unknown();
      case "OTHERWISE" -> new Cancellation.Ended(RedisTasks.read(id, answer, 1));
      case "NOW" -> new Cancellation.Now(RedisTasks.read(id, answer, 1), null);
      case "RUNNING" -> {
        Task task = RedisTasks.read(id, answer, 1);
        yield new Cancellation.Now(task, task.worker());
      }
      case String other -> throw new IllegalStateException("a cancel is answered " + other);
    };
  }

  List<Task> cancelPending(Lane lane, int limit) {
    List<Task> cancelled = new ArrayList<>();
    calls.tasks(
        RedisScript.CANCEL,
        List.of(1),
        candidates.pending(lane, limit),
        List::of,
        (id, answer) ->
            RedisTasks.kind(answer).equals("NOW") && cancelled.add(RedisTasks.read(id, answer, 1)));
    return cancelled;
  }

  List<Retrial> retry(List<TaskId> ids) {
    return calls.tasks(RedisScript.RETRY, List.of(), ids, List::of, RedisManualChanges::retrial);
  }

  private static Retrial retrial(TaskId id, @Nullable Response answer) {
    return switch (RedisTasks.kind(answer)) {
      case "UNKNOWN" -> new Retrial.Unknown();
      case "OTHERWISE" -> new Retrial.Otherwise(RedisTasks.read(id, answer, 1));
      case "NOW" -> new Retrial.Now(RedisTasks.read(id, answer, 1));
      case String other -> throw new IllegalStateException("a retry is answered " + other);
    };
  }
}
