package dev.penstock.storage.redis;

import dev.penstock.storage.Micros;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the tasks whose turn it is. Each shard has its own indexes, so the first of all are
 * found in two steps: the shards name their first ones, and those of them that are the first of all
 * are then changed where they lie, if it is still their turn.
 */
final class RedisCandidates {

  /**
   * @param time by which the index is ordered
   * @param identity the name of its identity; null: it has none
   */
  record Candidate(TaskId id, double time, @Nullable String identity) {}

  private final RedisCalls calls;

  RedisCandidates(RedisCalls calls) {
    this.calls = calls;
  }

  List<TaskId> lapsed(Duration margin, int limit) {
    return ids(first(List.of("leased"), "BEFORE", margin, limit));
  }

  List<TaskId> due(int limit) {
    return ids(first(List.of("due"), "UPTO", Duration.ZERO, limit));
  }

  /** Those that are to have begun by now. */
  List<TaskId> unbegun(int limit) {
    Duration behind = Micros.toDuration(-calls.clock().times().ahead());
    return ids(first(List.of("starting"), "UPTO", behind, limit));
  }

  List<TaskId> waiting(Lane lane, int limit) {
    return ids(first(List.of("waiting:" + lane), "ALL", Duration.ZERO, limit));
  }

  List<Candidate> expired(int limit) {
    return first(List.of("expiring"), "UPTO", Duration.ZERO, limit);
  }

  /**
   * Those that were completed first.
   *
   * @param kept none that was completed less than so long ago
   */
  List<Candidate> completed(Duration kept, int limit) {
    return first(List.of("completed"), "UPTO", kept, limit);
  }

  /** Parents of new children, by when they were to be inserted. */
  List<TaskId> inserting(Duration age, int limit) {
    return ids(first(List.of("inserting"), "UPTO", age, limit));
  }

  /** Waiting parents, by the end of their longest wait. */
  List<TaskId> awaiting(int limit) {
    return ids(first(List.of("awaiting"), "UPTO", Duration.ZERO, limit));
  }

  /** Parents that have ended and have open children. */
  List<TaskId> abandoned(int limit) {
    return ids(first(List.of("abandoned"), "ALL", Duration.ZERO, limit));
  }

  /** A lane's pending tasks, the first submitted first. */
  List<TaskId> pending(Lane lane, int limit) {
    List<String> lists = List.of("in:READY:" + lane, "in:SCHEDULED:" + lane);
    return ids(first(lists, "ALL", Duration.ZERO, limit));
  }

  /** Parents that have not ended, by id. */
  List<TaskId> parents(@Nullable TaskId after, int limit) {
    return after("parents", after, limit);
  }

  /** Ended children without an expiry, by id. */
  List<TaskId> kept(@Nullable TaskId after, int limit) {
    return after("kept", after, limit);
  }

  private List<TaskId> after(String index, @Nullable TaskId after, int limit) {
    List<TaskId> all = new ArrayList<>();
    for (Response shard :
        calls.everywhere(RedisScript.AFTER, index, after == null ? "" : after, limit)) {
      for (Response id : shard) {
        all.add(new TaskId(id.toString()));
      }
    }
    all.sort(Comparator.comparing(TaskId::value));
    return all.subList(0, Math.min(limit, all.size()));
  }

  private static List<TaskId> ids(List<Candidate> candidates) {
    return candidates.stream().map(Candidate::id).toList();
  }

  private List<Candidate> first(List<String> indexes, String which, Duration margin, int limit) {
    List<RedisCall> asked = new ArrayList<>();
    for (String shard : RedisShards.ALL) {
      for (String index : indexes) {
        List<Object> args = List.of(index, which, Micros.of(margin), limit);
        asked.add(calls.script(RedisScript.CANDIDATES, shard, args));
      }
    }
    List<Candidate> all = new ArrayList<>();
    for (Response answer : calls.send(asked)) {
      for (Response one : answer) {
        all.add(candidate(one));
      }
    }
    all.sort(Comparator.comparingDouble(Candidate::time).thenComparing(one -> one.id().value()));
    return all.subList(0, Math.min(limit, all.size()));
  }

  static Candidate candidate(Response one) {
    Response identity = one.get(2);
    return new Candidate(
        new TaskId(RedisTasks.text(one, 0)),
        Double.parseDouble(RedisTasks.text(one, 1)),
        identity == null ? null : identity.toString());
  }
}
