package dev.penstock.storage.redis;

import dev.penstock.storage.FigureSum;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Adds up the shards' counters, which every change of a task keeps: its cost does not grow. */
final class RedisFigures {

  private static final int LOOKED_AT_A_TIME = 500;

  private static final Set<Phase> LIVE = EnumSet.of(Phase.READY, Phase.SCHEDULED, Phase.RUNNING);

  private RedisFigures() {}

  private record Listed(String shard, String list) {}

  /** Looks at every live task: a counter would be written with each one's beginning and end. */
  static Map<String, Long> liveBytes(RedisCalls calls) {
    List<Listed> open = new ArrayList<>();
    List<Response> shards = calls.everywhere(Command.HKEYS, RedisShards::counts);
    for (int i = 0; i < shards.size(); i++) {
      for (Response name : shards.get(i)) {
        String list = name.toString();
        if (LIVE.contains(Phase.valueOf(list.substring(0, list.indexOf(':'))))) {
          open.add(new Listed(RedisShards.ALL.get(i), list));
        }
      }
    }
    Map<String, Long> owners = new HashMap<>();
    for (int from = 0; !open.isEmpty(); from += LOOKED_AT_A_TIME) {
      open = look(calls, open, from, owners);
    }
    return owners;
  }

  /** A part of each list; those that have more. */
  private static List<Listed> look(
      RedisCalls calls, List<Listed> lists, int from, Map<String, Long> owners) {
    List<RedisCall> asked = new ArrayList<>(lists.size());
    for (Listed one : lists) {
      asked.add(
          calls.script(RedisScript.LIVE, one.shard(), List.of(one.list(), from, LOOKED_AT_A_TIME)));
    }
    List<Listed> more = new ArrayList<>();
    List<Response> answers = calls.send(asked);
    for (int i = 0; i < answers.size(); i++) {
      Response answer = answers.get(i);
      for (int at = 1; at < answer.size(); at += 2) {
        long bytes = Long.parseLong(RedisTasks.text(answer, at + 1));
        owners.merge(RedisTasks.text(answer, at), bytes, Long::sum);
      }
      if (Integer.parseInt(RedisTasks.text(answer, 0)) == LOOKED_AT_A_TIME) {
        more.add(lists.get(i));
      }
    }
    return more;
  }

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
