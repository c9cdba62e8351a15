package dev.penstock.storage;

import dev.penstock.core.LaneCounts;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Adds counters up to figures: of states over all lanes, and of each lane that is worth a row. */
public final class FigureSum {
  private final Map<TaskState, Long> states = new EnumMap<>(TaskState.class);
  private final Map<String, Counts> lanes = new TreeMap<>();

  private static final class Counts {
    private final Map<Phase, Long> phases = new EnumMap<>(Phase.class);
    private @Nullable Instant oldest;

    long of(Phase phase) {
      return phases.getOrDefault(phase, 0L);
    }
  }

  public FigureSum() {
    for (TaskState state : TaskState.values()) {
      states.put(state, 0L);
    }
  }

  /** So many more tasks of the lane are in that phase. */
  public void count(String lane, Phase phase, long n) {
    states.merge(phase.state(), n, Long::sum);
    if (!phase.state().ended() || phase == Phase.FAILED) {
      counts(lane).phases.merge(phase, n, Long::sum);
    }
  }

  /** A ready task of the lane waits since then; the oldest one counts. */
  public void waitsSince(String lane, Instant since) {
    Counts counts = counts(lane);
    if (counts.oldest == null || since.isBefore(counts.oldest)) {
      counts.oldest = since;
    }
  }

  private Counts counts(String lane) {
    return lanes.computeIfAbsent(lane, _ -> new Counts());
  }

  public TaskStore.TaskCounts figures() {
    List<LaneCounts> figures = new ArrayList<>(lanes.size());
    lanes.forEach((lane, counts) ->
        figures.add(
            new LaneCounts(
                Lane.of(lane),
                counts.of(Phase.READY),
                counts.of(Phase.SCHEDULED),
                counts.of(Phase.RUNNING),
                counts.of(Phase.WAITING),
                counts.of(Phase.FAILED),
                counts.oldest)));
    return new TaskStore.TaskCounts(states, figures);
  }
}
