package dev.penstock.admin;

import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
   * @param name lower case, as in JSON
   */
  public record State(String name, String count) {}

  /**
   * @param oldest how long its oldest ready task has waited
   * @param late whether that is long
   */
  public record Lane(
      String type,
      String model,
      String ready,
      String scheduled,
      String running,
      String oldest,
      boolean late) {}

  static Overview of(Optional<Figures> figures, Instant now, String model) {
    List<State> states =
        figures.stream()
            .flatMap(known ->
                Arrays.stream(TaskState.values())
                    .map(state ->
                        new State(state.json(), count(known.states().getOrDefault(state, 0L)))))
            .toList();
    List<Lane> lanes =
        figures.stream()
            .flatMap(known -> known.lanes().stream())
            .sorted(Comparator.comparing(lane -> lane.lane().name()))
            .map(lane -> lane(lane, now))
            .toList();
    return new Overview(figures.isPresent(), states, lanes, model);
  }

  /** True when there has been no task yet, or none is left. */
  public boolean empty() {
    return answered
        && lanes.isEmpty()
        && states.stream().allMatch(state -> state.count.equals("0"));
  }

  private static Lane lane(LaneFigures figures, Instant now) {
    String model = figures.lane().model();
    Instant oldest = figures.oldest();
    return new Lane(
        figures.lane().type(),
        model == null ? "" : model,
        count(figures.ready()),
        count(figures.scheduled()),
        count(figures.running()),
        age(oldest, now),
        oldest != null && Duration.between(oldest, now).compareTo(OLD) > 0);
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String age(@Nullable Instant since, Instant now) {
    if (since == null) {
      return "–";
    }
    Duration age = Duration.between(since, now);
    if (age.isNegative() || age.toSeconds() < 1) {
      return "< 1 s";
    }
    if (age.toMinutes() < 1) {
      return age.toSeconds() + " s";
    }
    if (age.toHours() < 1) {
      return age.toMinutes() + " min " + age.toSecondsPart() + " s";
    }
    return age.toDays() < 1
        ? age.toHours() + " h " + age.toMinutesPart() + " min"
        : age.toDays() + " d " + age.toHoursPart() + " h";
  }
}
