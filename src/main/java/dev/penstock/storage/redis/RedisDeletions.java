package dev.penstock.storage.redis;

import dev.penstock.storage.redis.RedisCandidates.Candidate;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/** Deletes tasks and all that belongs to them. */
final class RedisDeletions {
  private static final int AT_A_TIME = 500;

  private final RedisCalls calls;
  private final RedisCandidates candidates;

  RedisDeletions(RedisCalls calls, RedisCandidates candidates) {
    this.calls = calls;
    this.candidates = candidates;
  }

  boolean unpromised(TaskId id) {
    Optional<String> identity = delete("UNPROMISED", List.of(id)).getFirst();
    identity
        .filter(name -> !name.isEmpty())
        .ifPresent(name -> release(List.of(new Candidate(id, 0, name))));
    return identity.isPresent();
  }

  int expired(int limit) {
    return inSteps("EXPIRED", limit, candidates::expired);
  }

  int oldestCompleted(int limit) {
    return inSteps("COMPLETED", limit, candidates::completed);
  }

  private int inSteps(String which, int limit, IntFunction<List<Candidate>> first) {
    int deleted = 0;
    while (deleted < limit) {
      int most = Math.min(AT_A_TIME, limit - deleted);
      List<Candidate> some = first.apply(most);
      // Their identities first: what a crash leaves is then a task that is deleted next time, and
      // no identity that nobody would find again.
      release(some.stream().filter(one -> one.identity() != null).toList());
      List<Optional<String>> gone = delete(which, some.stream().map(Candidate::id).toList());
      int step = (int) gone.stream().filter(Optional::isPresent).count();
      deleted += step;
      if (some.size() < most || step == 0) {
        break;
      }
    }
    return deleted;
  }

  /** The names of their identities, '' for those that have none; empty for those that stay. */
  private List<Optional<String>> delete(String which, List<TaskId> ids) {
    return calls.tasks(
        RedisScript.DELETE,
        List.of(which),
        ids,
        (_, name) -> Optional.ofNullable(name).map(Response::toString));
  }

  private void release(List<Candidate> named) {
    List<RedisCall> releases = new ArrayList<>();
    for (Candidate one : named) {
      String name = String.valueOf(one.identity());
      releases.add(
          calls.script(RedisScript.RELEASE, RedisShards.of(name), List.of(name, one.id())));
    }
    calls.send(releases);
  }
}
