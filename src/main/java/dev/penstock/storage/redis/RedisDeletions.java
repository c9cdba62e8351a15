package dev.penstock.storage.redis;

import dev.penstock.core.DeleteResult;
import dev.penstock.storage.Micros;
import dev.penstock.storage.redis.RedisCandidates.Candidate;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.IntFunction;

/** Deletes tasks and all that belongs to them. */
final class RedisDeletions {
  private static final int AT_A_TIME = 500;

  /** Entries of deleted tasks that are forgotten at a time in each shard. */
  private static final int FORGOTTEN = 5_000;

  private final RedisCalls calls;
  private final RedisCandidates candidates;
  private final ConcurrentMap<Search, RedisEarly> searches = new ConcurrentHashMap<>();

  /** What is looked for where there is no room. */
  private record Search(TaskState state, boolean withInput, Duration kept) {}

  RedisDeletions(RedisCalls calls, RedisCandidates candidates) {
    this.calls = calls;
    this.candidates = candidates;
  }

  boolean unpromised(TaskId id) {
    Optional<String> identity = delete("UNPROMISED", Duration.ZERO, List.of(id)).getFirst();
    release(id, identity);
    return identity.isPresent();
  }

  /** Deletes what has expired, and forgets deleted tasks that no message brings back any more. */
  int expired(int limit) {
    calls.everywhere(RedisScript.FORGET, FORGOTTEN);
    return inSteps("EXPIRED", Duration.ZERO, limit, candidates::expired);
  }

  int oldest(TaskState state, Duration kept, int limit) {
    IntFunction<List<Candidate>> first =
        state == TaskState.COMPLETED
            ? most -> candidates.completed(kept, most)
            : search(new Search(state, false, kept))::next;
    return inSteps(state.name(), kept, limit, first);
  }

  /** Of ended tasks; one answer each, in order. */
  List<DeleteResult> byHand(List<TaskId> ids) {
    List<Optional<String>> gone = delete("ENDED", Duration.ZERO, ids);
    List<TaskId> left = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      release(ids.get(i), gone.get(i));
      if (gone.get(i).isEmpty()) {
        left.add(ids.get(i));
      }
    }
    var found =
        calls
            .tasks(
                RedisScript.FIND,
                List.of(0, 0),
                left,
                (id, told) -> Optional.ofNullable(told).map(task -> RedisTasks.read(id, task)))
            .iterator();
    List<DeleteResult> results = new ArrayList<>(ids.size());
    for (Optional<String> one : gone) {
      results.add(one.isPresent() ? new DeleteResult.Now() : stayed(found.next()));
    }
    return results;
  }

  private static DeleteResult stayed(Optional<Task> task) {
    if (task.isEmpty()) {
      return new DeleteResult.Unknown();
    }
    return task.get().state().ended()
        ? new DeleteResult.Needed(null)
        : new DeleteResult.Live(task.get());
  }

  int cancelledInputs(int limit) {
    int dropped = 0;
    RedisEarly inputs = search(new Search(TaskState.CANCELLED, true, Duration.ZERO));
    while (dropped < limit) {
      int most = Math.min(AT_A_TIME, limit - dropped);
      List<TaskId> some = inputs.next(most).stream().map(Candidate::id).toList();
      List<Boolean> had =
          calls.tasks(
              RedisScript.DROP_INPUT,
              List.of(),
              some,
              (_, answer) -> answer != null && answer.toString().equals("1"));
      int step = (int) had.stream().filter(one -> one).count();
      dropped += step;
      if (some.size() < most || step == 0) {
        break;
      }
    }
    return dropped;
  }

  private RedisEarly search(Search search) {
    return searches.computeIfAbsent(
        search, _ -> new RedisEarly(calls, search.state(), search.withInput(), search.kept()));
  }

  private int inSteps(String which, Duration kept, int limit, IntFunction<List<Candidate>> first) {
    int deleted = 0;
    while (deleted < limit) {
      int most = Math.min(AT_A_TIME, limit - deleted);
      List<Candidate> some = first.apply(most);
      // Their identities first: what a crash leaves is then a task that is deleted next time, and
      // no identity that nobody would find again.
      release(some.stream().filter(one -> one.identity() != null).toList());
      List<Optional<String>> gone = delete(which, kept, some.stream().map(Candidate::id).toList());
      int step = (int) gone.stream().filter(Optional::isPresent).count();
      deleted += step;
      if (some.size() < most || step == 0) {
        break;
      }
    }
    return deleted;
  }

  /** The names of their identities, '' for those that have none; empty for those that stay. */
  private List<Optional<String>> delete(String which, Duration kept, List<TaskId> ids) {
    return calls.each(
        RedisScript.DELETE,
        List.of(which, Micros.of(kept)),
        ids,
        RedisShards::of,
        id -> List.of(id, Micros.of(id.time())),
        (_, name) -> Optional.ofNullable(name).map(Response::toString));
  }

  private void release(TaskId id, Optional<String> identity) {
    identity
        .filter(name -> !name.isEmpty())
        .ifPresent(name -> release(List.of(new Candidate(id, 0, name))));
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
