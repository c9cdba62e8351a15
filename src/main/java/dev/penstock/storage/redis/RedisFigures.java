package dev.penstock.storage.redis;

import dev.penstock.storage.FigureSum;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import io.vertx.redis.client.Response;

/** Adds up the shards' counters, which every change of a task keeps: its cost does not grow. */
final class RedisFigures {

  private RedisFigures() {}

  static TaskStore.TaskCounts read(RedisCalls calls) {
    FigureSum sum = new FigureSum();
    for (Response shard : calls.everywhere(RedisScript.FIGURES)) {
      var waits = new RedisTasks.Fields(shard.get(2));
      new RedisTasks.Fields(shard.get(0))
          .all()
          .forEach((field, value) -> {
            int colon = field.indexOf(':');
            Phase phase = Phase.valueOf(field.substring(0, colon));
            String lane = field.substring(colon + 1);
            long n = Long.parseLong(value);
            if (phase == Phase.RUNNING) {
              // What an older version has cancelled is still among the waiting ones for a while.
              long waiting = Math.min(n, waits.number(lane));
              sum.count(lane, Phase.WAITING, waiting);
              n -= waiting;
            }
            sum.count(lane, phase, n);
          });
      new RedisTasks.Fields(shard.get(1))
          .all()
          .forEach((lane, since) ->
              sum.waitsSince(lane, Micros.toInstant((long) Double.parseDouble(since))));
    }
    return sum.figures();
  }
}
