package dev.penstock.storage.redis;

import dev.penstock.storage.Micros;
import dev.penstock.storage.redis.RedisCandidates.Candidate;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Looks for the tasks of an ended state that ended first. No index has them, for it would be
 * written with every end and is asked for only where there is no room: so it goes through all that
 * expires, in that order, some in each shard at a time, and goes on from there when it is asked
 * again. Whoever has gone through many begins anew only after a while.
 */
final class RedisEarly {
  private static final int AT_A_TIME = 500;

  /** So many are looked through as often as somebody asks. */
  private static final int FEW = 5_000;

  /** The next time begins after so many times what the last one took. */
  private static final int PAUSE = 20;

  private static final int NOWHERE = -1;

  private final RedisCalls calls;
  private final TaskState state;
  private final boolean withInput;
  private final Duration kept;

  /** Where to go on in each shard; {@link #NOWHERE}: it has been gone through. */
  private final int[] from = new int[RedisShards.ALL.size()];

  /** What was found and not asked for yet, the first to have ended first. */
  private List<Candidate> found = List.of();

  private long looked;
  private long nanos;
  private long again = System.nanoTime();

  /**
   * @param withInput of those only that have their input still
   * @param kept none that ended less than so long ago
   */
  RedisEarly(RedisCalls calls, TaskState state, boolean withInput, Duration kept) {
    this.calls = calls;
    this.state = state;
    this.withInput = withInput;
    this.kept = kept;
    Arrays.fill(from, NOWHERE);
  }

  /** The next ones; it may be that it is their turn no more. */
  synchronized List<Candidate> next(int limit) {
    if (found.size() < limit) {
      look(limit);
    }
    List<Candidate> some = List.copyOf(found.subList(0, Math.min(limit, found.size())));
    found = found.subList(some.size(), found.size());
    return some;
  }

  private void look(int limit) {
    if (throughAll()) {
      if (looked > FEW && System.nanoTime() - again < 0) {
        return;
      }
      Arrays.fill(from, 0);
      found = List.of(); // They are there still, if they are.
      looked = 0;
      nanos = 0;
    }
    long began = System.nanoTime();
    List<Candidate> all = new ArrayList<>(found);
    while (all.size() < limit && !throughAll()) {
      page(all);
    }
    all.sort(Comparator.comparingDouble(Candidate::time).thenComparing(one -> one.id().value()));
    found = all;
    long now = System.nanoTime();
    nanos += now - began;
    again = now + PAUSE * nanos;
  }

  private boolean throughAll() {
    return Arrays.stream(from).allMatch(place -> place == NOWHERE);
  }

  private void page(List<Candidate> all) {
    List<Integer> shards = new ArrayList<>();
    List<RedisCall> asked = new ArrayList<>();
    for (int shard = 0; shard < from.length; shard++) {
      if (from[shard] != NOWHERE) {
        List<Object> args =
            List.of(state.name(), withInput ? 1 : 0, Micros.of(kept), from[shard], AT_A_TIME);
        shards.add(shard);
        asked.add(calls.script(RedisScript.EARLY, RedisShards.ALL.get(shard), args));
      }
    }
    List<Response> answers = calls.send(asked);
    for (int i = 0; i < answers.size(); i++) {
      Response answer = answers.get(i);
      int there = Integer.parseInt(RedisTasks.text(answer, 0));
      for (int at = 1; at < answer.size(); at++) {
        all.add(RedisCandidates.candidate(answer.get(at)));
      }
      // Those that were found are about to go, unless they only lose their inputs.
      int gone = withInput ? 0 : answer.size() - 1;
      int shard = shards.get(i);
      from[shard] = there < AT_A_TIME ? NOWHERE : from[shard] + there - gone;
      looked += there;
    }
  }
}
