package dev.penstock.storage.redis;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.storage.Micros;
import dev.penstock.task.Lane;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What happened, minute by minute: a hash of each minute and lane, with a field of each number. */
final class RedisHistory {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int AT_A_TIME = 250;

  private RedisHistory() {}

  static void add(RedisCalls calls, List<LaneMinute> minutes) {
    List<Object> args = new ArrayList<>();
    args.add(Micros.of(KEPT));
    for (LaneMinute minute : minutes) {
      List<Object> fields = new ArrayList<>();
      put(fields, "submitted", minute.submitted());
      put(fields, "completed", minute.completed());
      put(fields, "failed", minute.failed());
      put(fields, "cancelled", minute.cancelled());
      put(fields, "waited", minute.waited());
      put(fields, "ran", minute.ran());
      args.add(Micros.of(minute.minute()));
      args.add(minute.lane().name());
      args.add(fields.size());
      args.addAll(fields);
    }
    calls.run(RedisScript.RECORD_MINUTES, RedisShards.HISTORY, args);
  }

  private static void put(List<Object> fields, String name, long n) {
    if (n != 0) {
      fields.add(name);
      fields.add(n);
    }
  }

  private static void put(List<Object> fields, String name, Latencies latencies) {
    for (int i = 0; i < Latencies.BUCKETS; i++) {
      put(fields, name + i, latencies.counts()[i]);
    }
  }

  @SuppressWarnings("deprecation") // ZRANGE does this in newer versions of Redis only
  static List<LaneMinute> since(RedisCalls calls, Instant since) {
    List<String> names = new ArrayList<>();
    for (Response name :
        calls.send(Command.ZRANGEBYSCORE, RedisShards.HISTORY_MINUTES, Micros.of(since), "+inf")) {
      names.add(name.toString());
    }
    List<RedisCall> asked = new ArrayList<>();
    for (int from = 0; from < names.size(); from += AT_A_TIME) {
      List<String> some = names.subList(from, Math.min(names.size(), from + AT_A_TIME));
      asked.add(calls.script(RedisScript.MINUTES, RedisShards.HISTORY, List.copyOf(some)));
    }
    List<LaneMinute> minutes = new ArrayList<>(names.size());
    for (Response answer : calls.send(asked)) {
      for (Response fields : answer) {
        String name = names.get(minutes.size());
        minutes.add(read(name, new RedisTasks.Fields(fields)));
      }
    }
    return minutes;
  }

  private static LaneMinute read(String name, RedisTasks.Fields fields) {
    int colon = name.indexOf(':');
    return new LaneMinute(
        Micros.toInstant(Long.parseLong(name.substring(0, colon))),
        Lane.of(name.substring(colon + 1)),
        fields.number("submitted"),
        fields.number("completed"),
        fields.number("failed"),
        fields.number("cancelled"),
        latencies(fields, "waited"),
        latencies(fields, "ran"));
  }

  private static Latencies latencies(RedisTasks.Fields fields, String name) {
    long[] counts = new long[Latencies.BUCKETS];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = fields.number(name + i);
    }
    return new Latencies(counts);
  }
}
