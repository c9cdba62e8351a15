package dev.penstock.storage.redis;

import static java.util.Objects.requireNonNull;

import dev.penstock.core.Awaiting;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.NewChild;
import dev.penstock.storage.Micros;
import dev.penstock.storage.TaskMessage;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.TaskStore.Taking;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Runs of tasks: they are claimed, extended and settled, lapse, and become due. */
final class RedisRuns {
  private static final byte[] NOTHING = {};
  private static final int AT_A_TIME = 200;

  private final RedisCalls calls;
  private final RedisCandidates candidates;

  RedisRuns(RedisCalls calls, RedisCandidates candidates) {
    this.calls = calls;
    this.candidates = candidates;
  }

  List<Claim> claim(List<TaskId> ids, String worker, Duration lease, Taking suspects) {
    // Tokens are made here: a script has nothing to make a secret from.
    return calls.each(
        RedisScript.CLAIM,
        List.of(worker, Micros.of(lease), word(suspects)),
        ids.stream().map(id -> new Wish(id, Lease.newToken())).toList(),
        wish -> RedisShards.of(wish.id()),
        wish -> List.of(wish.id(), wish.token()),
        RedisRuns::claim);
  }

  private static int word(Taking suspects) {
    return switch (suspects) {
      case NONE -> 0;
      case HERE -> 1;
      case APART -> 2;
    };
  }

  private record Wish(TaskId id, String token) {}

  private static byte @Nullable [] checkpoint(@Nullable Response kept) {
    return kept == null ? null : kept.toBytes();
  }

  private static Claim claim(Wish wish, @Nullable Response answer) {
    return switch (RedisTasks.kind(answer)) {
      case "CLAIMED" ->
          new Claim.Claimed(
              RedisTasks.claimed(wish.id(), requireNonNull(answer).get(2)),
              new Lease(
                  wish.id(),
                  wish.token(),
                  Micros.toInstant(Long.parseLong(RedisTasks.text(answer, 1)))),
              Long.parseLong(RedisTasks.text(answer, 3)),
              checkpoint(requireNonNull(answer).get(4)),
              Integer.parseInt(RedisTasks.text(answer, 5)));
      case "SETTLED" -> new Claim.Settled();
      case "UNKNOWN" ->
          new Claim.Unknown(Micros.toInstant(Long.parseLong(RedisTasks.text(answer, 1))));
      case "HELD" -> new Claim.Held();
      case "EXPIRED" -> new Claim.Expired();
      case "SUSPECT" -> new Claim.Suspect();
      case String other -> throw new IllegalStateException("a claim is answered " + other);
    };
  }

  /**
   * @param full leaves checkpoints out
   */
  Set<TaskId> extend(List<HeldLease> extensions, Duration lease, boolean full) {
    List<Boolean> held =
        calls.each(
            RedisScript.EXTEND,
            List.of(Micros.of(lease)),
            extensions,
            extension -> RedisShards.of(extension.id()),
            extension -> {
              List<Object> arguments = new ArrayList<>();
              arguments.add(extension.id());
              arguments.add(extension.token());
              arguments.add(RedisTasks.progress(extension.progress()));
              Checkpoint left = full ? null : extension.checkpoint();
              arguments.add(left == null ? 0 : left.number());
              arguments.addAll(RedisTasks.arguments(left));
              return arguments;
            },
            (_, answer) -> answer != null && answer.toString().equals("1"));
    Set<TaskId> lost = new HashSet<>();
    for (int i = 0; i < held.size(); i++) {
      if (!held.get(i)) {
        lost.add(extensions.get(i).id());
      }
    }
    return lost;
  }

  List<Settled> settle(List<Settle> ended) {
    return calls.each(
        RedisScript.SETTLE,
        List.of(),
        ended,
        one -> RedisShards.of(one.id()),
        RedisRuns::arguments,
        RedisRuns::settled);
  }

  private static List<Object> arguments(Settle settle) {
    return switch (settle.ending()) {
      case Ending.Completed(var output) ->
          arguments(
              settle, "COMPLETED", Duration.ZERO, null, output.format().name(), output.bytes());
      case Ending.Failed(var error) ->
          arguments(settle, "FAILED", Duration.ZERO, error, "", NOTHING);
      case Ending.Backoff(var error, var delay) ->
          arguments(settle, "BACKOFF", delay, error, "", NOTHING);
      case Ending.Waits(var awaiting) -> {
        List<Object> arguments = arguments(settle, "WAITS", Duration.ZERO, null, "", NOTHING);
        add(arguments, awaiting);
        yield arguments;
      }
      case Ending.Died(var error, int most) ->
          arguments(settle, "DIED", Duration.ZERO, error, Integer.toString(most), NOTHING);
      case Ending.Returned(var delay, var begun, var cost) ->
          arguments(settle, "RETURNED", delay, null, begun ? "BEGUN" : "", putOff(cost));
    };
  }

  private static byte[] putOff(Duration cost) {
    String of = Micros.of(cost) + " " + Micros.of(Outcome.Postpone.MOST);
    return cost.isPositive() ? of.getBytes(StandardCharsets.US_ASCII) : NOTHING;
  }

  private static List<Object> arguments(
      Settle settle,
      String kind,
      Duration delay,
      @Nullable TaskError error,
      String format,
      byte[] output) {
    List<Object> arguments = new ArrayList<>();
    arguments.add(settle.id());
    arguments.add(settle.token());
    arguments.add(kind);
    arguments.add(Micros.of(delay));
    arguments.add(error == null ? "" : error.code().name());
    arguments.add(error == null ? "" : error.message());
    arguments.add(format);
    arguments.add(output);
    arguments.addAll(RedisTasks.arguments(settle.checkpoint()));
    return arguments;
  }

  private static void add(List<Object> arguments, Awaiting awaiting) {
    Duration atMost = awaiting.atMost();
    arguments.add(awaiting.wakeAt());
    arguments.add(atMost == null ? "" : Micros.of(atMost));
    arguments.add(awaiting.wakeOnFailure() ? 1 : 0);
    arguments.add(Outcome.Await.MOST_OPEN);
    arguments.add(awaiting.children().size());
    for (NewChild child : awaiting.children()) {
      arguments.add(child.spec().id());
      arguments.add(child.key());
      arguments.add(TaskMessage.encode(child.spec()));
    }
  }

  private static Settled settled(Settle settle, @Nullable Response answer) {
    return switch (RedisTasks.kind(answer)) {
      case "NOW" -> {
        Task task = RedisTasks.read(settle.id(), answer, 1);
        yield new Settled.Now(
            settle.ending() instanceof Ending.Completed(var output)
                ? task.withOutput(output)
                : task);
      }
      case "BEFORE" -> new Settled.Before();
      case "STALE" -> new Settled.Stale();
      case "TOO_MANY" -> new Settled.TooManyOpen();
      case "PUT_OFF" -> new Settled.PutOffTooOften();
      case String other -> throw new IllegalStateException("a settle is answered " + other);
    };
  }

  Lapsed reclaim(Duration margin, int maxLost, int limit, Living living) {
    List<Object> head = new ArrayList<>();
    head.add(Micros.of(margin));
    head.add(maxLost);
    head.add(living.known() ? 1 : 0);
    head.add(living.processes().size());
    living
        .processes()
        .forEach((process, since) -> {
          head.add(process);
          head.add(since.equals(Living.ALWAYS) ? "" : Micros.of(since));
        });
    List<TaskId> lapsed = candidates.lapsed(margin, limit);
    List<TaskSpec> ready = new ArrayList<>();
    List<Task> failed = new ArrayList<>();
    calls.tasks(
        RedisScript.RECLAIM,
        head,
        lapsed,
        (id, answer) ->
            switch (RedisTasks.kind(answer)) {
              case "READY" -> ready.add(RedisTasks.read(id, answer, 1).spec());
              case "FAILED" -> failed.add(RedisTasks.read(id, answer, 1));
              default -> false;
            });
    return new Lapsed(ready, failed);
  }

  List<TaskSpec> promote(int limit) {
    return calls
        .tasks(
            RedisScript.PROMOTE,
            List.of(),
            candidates.due(limit),
            (id, told) -> Optional.ofNullable(told).map(task -> RedisTasks.read(id, task).spec()))
        .stream()
        .flatMap(Optional::stream)
        .toList();
  }

  /**
   * Dates tasks anew that wait for a time of the wall clock.
   *
   * @param ahead how far that is ahead of the store's time
   */
  void redate(long ahead) {
    for (String shard : RedisShards.ALL) {
      String cursor = "0";
      do {
        Response part =
            calls.send(Command.ZSCAN, RedisShards.due(shard), cursor, "COUNT", AT_A_TIME);
        cursor = RedisTasks.text(part, 0);
        List<Object> arguments = new ArrayList<>();
        arguments.add(ahead);
        for (TaskId id : members(part.get(1))) {
          arguments.add(id);
        }
        calls.run(RedisScript.REDATE, shard, arguments);
      } while (!cursor.equals("0"));
    }
  }

  /** The members among members and their scores, one behind the other. */
  private static List<TaskId> members(Response found) {
    List<TaskId> ids = new ArrayList<>();
    for (int i = 0; i < found.size(); i += 2) {
      ids.add(new TaskId(found.get(i).toString()));
    }
    return ids;
  }
}
