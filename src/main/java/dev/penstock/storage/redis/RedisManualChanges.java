package dev.penstock.storage.redis;

import dev.penstock.core.CancelResult;
import dev.penstock.core.RetryResult;
import dev.penstock.storage.Micros;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Response;
import java.time.Instant;
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

  List<CancelResult> cancel(List<TaskId> ids) {
    return calls.tasks(RedisScript.CANCEL, List.of(0), ids, RedisManualChanges::cancellation);
  }

  private static CancelResult cancellation(TaskId id, @Nullable Response answer) {
    return switch (RedisTasks.kind(answer)) {
      case "UNKNOWN" -> new CancelResult.Unknown();
      case "OTHERWISE" -> new CancelResult.Ended(RedisTasks.read(id, answer, 1));
      case "NOW" -> new CancelResult.Now(RedisTasks.read(id, answer, 1), null);
      case "RUNNING" -> {
        Task task = RedisTasks.read(id, answer, 1);
        yield new CancelResult.Now(task, task.worker());
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
        (id, answer) ->
            RedisTasks.kind(answer).equals("NOW") && cancelled.add(RedisTasks.read(id, answer, 1)));
    return cancelled;
  }

  /**
   * @param startBefore null: as they were to begin
   */
  List<RetryResult> retry(List<TaskId> ids, @Nullable Instant startBefore) {
    Long time = Micros.ofNullable(startBefore);
    return calls.tasks(
        RedisScript.RETRY,
        List.of(calls.clock().times().ahead(), time == null ? "" : time),
        ids,
        RedisManualChanges::retrial);
  }

  List<Task> expireUnbegun(int limit) {
    List<Task> expired = new ArrayList<>();
    List<TaskId> some = candidates.unbegun(limit);
    while (!some.isEmpty() && expired.isEmpty()) {
      calls.tasks(
          RedisScript.EXPIRE,
          List.of(),
          some,
          (id, told) -> told != null && expired.add(RedisTasks.read(id, told)));
      // Those that are left out stand there no more: there may be others behind them.
      some = expired.isEmpty() ? candidates.unbegun(limit) : List.of();
    }
    return expired;
  }

  private static RetryResult retrial(TaskId id, @Nullable Response answer) {
    return switch (RedisTasks.kind(answer)) {
      case "UNKNOWN" -> new RetryResult.Unknown();
      case "INPUT_GONE" -> new RetryResult.InputGone();
      case "NEEDS_START" -> new RetryResult.NeedsStart();
      case "OTHERWISE" -> new RetryResult.Otherwise(RedisTasks.read(id, answer, 1));
      case "NOW" -> new RetryResult.Now(RedisTasks.read(id, answer, 1));
      case String other -> throw new IllegalStateException("a retry is answered " + other);
    };
  }
}
