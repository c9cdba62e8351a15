package dev.penstock.store;

import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import io.vertx.redis.client.Response;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Adds up the shards' counters, which every change of a task keeps: its cost does not grow. */
final class RedisFigures {

  private RedisFigures() {}

  private static final class Counts {
    private final Map<Phase, Long> phases = new EnumMap<>(Phase.class);
    private @Nullable Instant oldest;

    long of(Phase phase) {
      return phases.getOrDefault(phase, 0L);
    }

    void waitsSince(Instant since) {
      if (oldest == null || since.isBefore(oldest)) {
        oldest = since;
      }
    }
  }

  static TaskStore.Figures read(RedisCalls calls) {
    Map<TaskState, Long> states = new EnumMap<>(TaskState.class);
    for (TaskState state : TaskState.values()) {
      states.put(state, 0L);
    }
    Map<String, Counts> lanes = new TreeMap<>();
    for (Response shard : calls.everywhere(RedisScript.FIGURES)) {
      new RedisTasks.Fields(shard.get(0))
          .all()
          .forEach((field, value) -> {
            int colon = field.indexOf(':');
            Phase phase = Phase.valueOf(field.substring(0, colon));
            long n = Long.parseLong(value);
            states.merge(phase.state(), n, Long::sum);
            if (!phase.state().ended() || phase == Phase.FAILED) {
              lanes
                  .computeIfAbsent(field.substring(colon + 1), _ -> new Counts())
                  .phases
                  .merge(phase, n, Long::sum);
            }
          });
      new RedisTasks.Fields(shard.get(1))
          .all()
          .forEach((lane, since) ->
              lanes
                  .computeIfAbsent(lane, _ -> new Counts())
                  .waitsSince(Micros.toInstant((long) Double.parseDouble(since))));
    }
    List<TaskStore.LaneFigures> figures = new ArrayList<>();
    lanes.forEach((lane, counts) ->
        figures.add(
            new TaskStore.LaneFigures(
                Lane.of(lane),
                counts.of(Phase.READY),
                counts.of(Phase.SCHEDULED),
                counts.of(Phase.RUNNING),
                counts.of(Phase.FAILED),
                counts.oldest)));
    return new TaskStore.Figures(states, figures);
  }
}
