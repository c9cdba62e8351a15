package dev.penstock.storage.redis;

import dev.penstock.base.Coalescer;
import dev.penstock.storage.Micros;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Runs scripts in the shards that they are for. */
final class RedisCalls {
  /** So many tasks in one run of a script: the server does nothing else meanwhile. */
  private static final int AT_A_TIME = 200;

  private final RedisLink link;
  private final RedisClock clock;

  /**
   * @param clock what time it is; null: as Redis says, the same for all who use it
   * @param nanos a clock like {@link System#nanoTime}
   */
  RedisCalls(RedisLink link, @Nullable InstantSource clock, LongSupplier nanos) {
    this.link = link;
    this.clock =
        new RedisClock(
            args -> link.send(RedisCall.of(RedisScript.CLOCK, RedisShards.CHORES, args)),
            clock,
            nanos);
  }

  /** The same where nobody sets that clock. */
  RedisCalls(RedisLink link, @Nullable InstantSource clock) {
    this(link, clock, clock == null ? System::nanoTime : Micros.stopwatch(clock));
  }

  RedisClock clock() {
    return clock;
  }

  RedisCall script(RedisScript script, String shard, List<Object> args) {
    List<Object> all = new ArrayList<>(args.size() + 1);
    all.add(clock.told());
    all.addAll(args);
    return RedisCall.of(script, shard, all);
  }

  Response run(RedisScript script, String shard, List<Object> args) {
    return link.send(script(script, shard, args));
  }

  /** The same in every shard; the answers in their order. */
  List<Response> everywhere(RedisScript script, Object... args) {
    return link.send(
        RedisShards.ALL.stream().map(shard -> script(script, shard, List.of(args))).toList());
  }

  List<Response> everywhere(Command command, Function<String, String> key) {
    return link.send(
        RedisShards.ALL.stream().map(shard -> RedisCall.of(command, key.apply(shard))).toList());
  }

  List<Response> send(List<RedisCall> calls) {
    return link.send(calls);
  }

  Response send(Command command, Object... args) {
    return link.send(RedisCall.of(command, args));
  }

  /** For what many callers ask at a time. What is asked may have to wait for one answer more. */
  <Q, A> Coalescer<Q, A> gathered(Function<List<Q>, List<A>> ask, ToLongFunction<Q> size) {
    return new Coalescer<>(ask, size, link.limit().multipliedBy(2));
  }

  interface Answer<T, A> {
    A of(T item, @Nullable Response answer);
  }

  /** Something to do with each task, in the shard it is in; the answers in order. */
  <A> List<A> tasks(
      RedisScript script, List<Object> head, List<TaskId> ids, Answer<TaskId, A> answer) {
    return each(script, head, ids, RedisShards::of, List::of, answer);
  }

  /** What the script answers to each item; items of one shard are done in order. */
  <T, A> List<A> each(
      RedisScript script,
      List<Object> head,
      List<T> items,
      Function<T, String> shard,
      Function<T, List<Object>> args,
      Answer<T, A> answer) {
    Map<String, List<Integer>> places = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      places.computeIfAbsent(shard.apply(items.get(i)), _ -> new ArrayList<>()).add(i);
    }
    List<RedisCall> calls = new ArrayList<>();
    List<List<Integer>> portions = new ArrayList<>();
    places.forEach((in, all) -> {
      for (int from = 0; from < all.size(); from += AT_A_TIME) {
        List<Integer> portion = all.subList(from, Math.min(all.size(), from + AT_A_TIME));
        List<Object> arguments = new ArrayList<>(head);
        portion.forEach(i -> arguments.addAll(args.apply(items.get(i))));
        calls.add(script(script, in, arguments));
        portions.add(portion);
      }
    });
    List<Response> responses = link.send(calls);
    @Nullable Object[] answers = new @Nullable Object[items.size()];
    for (int call = 0; call < portions.size(); call++) {
      List<Integer> portion = portions.get(call);
      for (int i = 0; i < portion.size(); i++) {
        int place = portion.get(i);
        answers[place] = answer.of(items.get(place), responses.get(call).get(i));
      }
    }
    @SuppressWarnings("unchecked") // Each place was given an answer above.
    List<A> list = (List<A>) Arrays.asList(answers);
    return list;
  }
}
