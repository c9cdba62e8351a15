package dev.penstock.admin;

import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.WorkerFigures;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What the overview shows, in words and figures ready to print.
 *
 * @param answered whether the queue told its figures
 * @param model the model of the example that an empty queue shows
 */
public record Overview(boolean answered, List<State> states, List<Lane> lanes, String model) {
  private static final Duration OLD = Duration.ofMinutes(1);

  public Overview {
    states = List.copyOf(states);
    lanes = List.copyOf(lanes);
  }

  /**
   * A state, and how many tasks are in it.
   *
   * @param name lower case, as in JSON
   */
  public record State(String name, String count) {
    public String path() {
      return TaskQuery.PATH + "?state=" + name;
    }
  }

  /**
   * A lane, and how its work gets on.
   *
   * @param waiting tasks that wait for their children; empty: none
   * @param oldest how long its oldest ready task has waited
   * @param late whether that is long
   * @param rate tasks completed within the last minute
   * @param failing tasks failed within the last minute; empty: none
   * @param unserved tasks wait, and no worker takes them
   */
  public record Lane(
      String name,
      String type,
      String model,
      String ready,
      String scheduled,
      String running,
      String waiting,
      String failed,
      String oldest,
      boolean late,
      String rate,
      String failing,
      boolean paused,
      boolean unserved) {

    public String path() {
      return TaskQuery.PATH + "?lane=" + Form.encode(name);
    }

    public String failedPath() {
      return path() + "&state=failed";
    }

    public String purgePath() {
      return SweepPage.PURGE + "?lane=" + Form.encode(name);
    }
  }

  /**
   * @param workers empty: not known, so nothing is said about them
   */
  static Overview of(
      Optional<Figures> figures, Optional<List<WorkerFigures>> workers, Instant now, String model) {
    List<State> states =
        figures.stream()
            .flatMap(known ->
                Arrays.stream(TaskState.values())
                    .map(state ->
                        new State(
                            state.json(), Times.count(known.states().getOrDefault(state, 0L)))))
            .toList();
    List<Lane> lanes =
        figures.stream()
            .flatMap(known -> known.lanes().stream())
            .sorted(Comparator.comparing(lane -> lane.lane().name()))
            .map(lane -> lane(lane, now, served(workers, lane.lane())))
            .toList();
    return new Overview(figures.isPresent(), states, lanes, model);
  }

  private static boolean served(
      Optional<List<WorkerFigures>> workers, dev.penstock.task.Lane lane) {
    return workers.isEmpty() || workers.get().stream().anyMatch(worker -> worker.serves(lane));
  }

  /** True when there has been no task yet, or none is left. */
  public boolean empty() {
    return answered
        && lanes.isEmpty()
        && states.stream().allMatch(state -> state.count.equals("0"));
  }

  private static Lane lane(LaneFigures figures, Instant now, boolean served) {
    LaneCounts counts = figures.counts();
    String model = figures.lane().model();
    Instant oldest = counts.oldest();
    LaneMinute minute = figures.lastMinute();
    return new Lane(
        figures.lane().name(),
        figures.lane().type(),
        model == null ? "" : model,
        Times.count(counts.ready()),
        Times.count(counts.scheduled()),
        Times.count(counts.running()),
        counts.waiting() == 0 ? "" : Times.count(counts.waiting()),
        Times.count(counts.failed()),
        Times.age(oldest, now),
        oldest != null && Duration.between(oldest, now).compareTo(OLD) > 0,
        Times.count(minute.completed()),
        minute.failed() == 0 ? "" : Times.count(minute.failed()),
        figures.paused(),
        counts.ready() > 0 && !served);
  }
}
