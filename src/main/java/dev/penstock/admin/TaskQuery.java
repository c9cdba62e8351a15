package dev.penstock.admin;

import dev.penstock.task.Lane;
import dev.penstock.task.TaskFilter;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks a page is asked for.
 *
 * @param lane a lane's name, or a type alone: all of its lanes; empty: all
 * @param after the task that the page begins after
 * @param trail the same for the pages before this one, so that one can go back
 */
record TaskQuery(
    @Nullable TaskState state,
    String lane,
    String text,
    @Nullable TaskId after,
    List<TaskId> trail) {
  static final String PATH = "/dashboard/tasks";

  private static final int MAX_TEXT = 200;
  private static final int MAX_LANE = 300;
  private static final int MAX_TRAIL = 50;

  TaskQuery {
    trail = List.copyOf(trail);
  }

  static TaskQuery of(Form form) {
    String state = form.get("state");
    return new TaskQuery(
        Arrays.stream(TaskState.values())
            .filter(each -> each.json().equals(state))
            .findFirst()
            .orElse(null),
        cut(form.get("lane"), MAX_LANE),
        cut(form.get("text"), MAX_TEXT),
        TaskId.parse(form.get("after")).orElse(null),
        Arrays.stream(form.get("trail").split("\\.", -1))
            .map(TaskId::parse)
            .flatMap(Optional::stream)
            .limit(MAX_TRAIL)
            .toList());
  }

  private static String cut(String text, int most) {
    String stripped = text.strip();
    return stripped.length() > most ? stripped.substring(0, most) : stripped;
  }

  /** Everybody's tasks: who is logged in is the operator. */
  TaskFilter filter() {
    Lane wanted = lane.isEmpty() || lane.startsWith(".") ? null : Lane.of(lane);
    return new TaskFilter(
        null,
        state == null ? Set.of() : Set.of(state),
        wanted == null ? null : wanted.type(),
        wanted == null ? null : wanted.model(),
        text.isEmpty() ? null : text);
  }

  /** The same, of these states only; empty: there can be none. */
  Optional<TaskFilter> filter(Set<TaskState> only) {
    Set<TaskState> both = EnumSet.copyOf(only);
    if (state != null) {
      both.retainAll(Set.of(state));
    }
    return both.isEmpty() ? Optional.empty() : Optional.of(filter().in(both));
  }

  boolean everything() {
    return state == null && lane.isEmpty() && text.isEmpty();
  }

  TaskQuery in(@Nullable TaskState other) {
    return new TaskQuery(other, lane, text, null, List.of());
  }

  TaskQuery first() {
    return in(state);
  }

  TaskQuery older(TaskId last) {
    List<TaskId> way = new ArrayList<>(trail);
    if (after != null) {
      way.add(after);
    }
    int start = Math.max(0, way.size() - MAX_TRAIL);
    return new TaskQuery(state, lane, text, last, way.subList(start, way.size()));
  }

  TaskQuery newer() {
    return trail.isEmpty()
        ? first()
        : new TaskQuery(state, lane, text, trail.getLast(), trail.subList(0, trail.size() - 1));
  }

  /** What follows the question mark. */
  String encoded() {
    List<String> pairs = new ArrayList<>();
    if (state != null) {
      pairs.add("state=" + state.json());
    }
    if (!lane.isEmpty()) {
      pairs.add("lane=" + Form.encode(lane));
    }
    if (!text.isEmpty()) {
      pairs.add("text=" + Form.encode(text));
    }
    if (after != null) {
      pairs.add("after=" + after);
    }
    if (!trail.isEmpty()) {
      pairs.add("trail=" + trail.stream().map(TaskId::value).collect(Collectors.joining(".")));
    }
    return String.join("&", pairs);
  }

  String path() {
    String query = encoded();
    return query.isEmpty() ? PATH : PATH + "?" + query;
  }

  /** Which tasks are meant, in a sentence. */
  String words() {
    String kind = state == null ? "tasks" : state.json() + " tasks";
    String of = lane.isEmpty() ? "" : " of " + lane;
    return kind + of + (text.isEmpty() ? "" : " with “" + text + "” in them");
  }
}
