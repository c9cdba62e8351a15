package dev.penstock.admin;

import dev.penstock.core.TaskFilter;
import dev.penstock.task.Lane;
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
 * @param parent whose children alone; null: all
 * @param after the task that the page begins after
 * @param trail the same for the pages before this one, so that one can go back
 */
record TaskQuery(
    @Nullable TaskState state,
    String lane,
    String text,
    @Nullable TaskId parent,
    @Nullable TaskId after,
    List<TaskId> trail) {
  static final String PATH = "/dashboard/tasks";

  /** What says which tasks are meant. */
  static final Set<String> FILTER = Set.of("state", "lane", "text", "parent");

  /** And which of their pages, or what was just done to them. */
  static final Set<String> LIST =
      Set.of(
          "state", "lane", "text", "parent", "after", "trail", "cancelled", "retried", "deleted");

  private static final int MAX_SHOWN = 60;
  private static final int MAX_TEXT = 200;
  private static final int MAX_LANE = 300;
  private static final int MAX_TRAIL = 50;

  TaskQuery {
    trail = List.copyOf(trail);
  }

  /** What a form asks for. */
  sealed interface Asked {
    record Tasks(TaskQuery query) implements Asked {}

    /**
     * It cannot be told which tasks. Leaving out what is not understood would mean more of them.
     *
     * @param why for people
     */
    record Unclear(String why) implements Asked {}
  }

  /**
   * @param names the fields that there may be
   */
  static Asked of(Form form, Set<String> names) {
    for (String name : form.names()) {
      if (!names.contains(name)) {
        return new Asked.Unclear(
            "“%s” is no filter here. Filters are state, lane, text and parent."
                .formatted(shown(name)));
      }
      if (form.repeats(name)) {
        return new Asked.Unclear("“" + name + "” is given more than once.");
      }
    }
    String state = form.get("state");
    Optional<TaskState> known =
        Arrays.stream(TaskState.values()).filter(each -> each.json().equals(state)).findFirst();
    String lane = form.get("lane").strip();
    String text = form.get("text").strip();
    String after = form.get("after");
    List<String> trail =
        form.get("trail").isEmpty() ? List.of() : List.of(form.get("trail").split("\\.", -1));
    if (!state.isEmpty() && known.isEmpty()) {
      return new Asked.Unclear(
          "No state is called “%s”. States are %s."
              .formatted(
                  shown(state),
                  Arrays.stream(TaskState.values())
                      .map(TaskState::json)
                      .collect(Collectors.joining(", "))));
    }
    if (lane.startsWith(".") || lane.length() > MAX_LANE) {
      return new Asked.Unclear("No lane is called “" + shown(lane) + "”.");
    }
    if (text.length() > MAX_TEXT) {
      return new Asked.Unclear("A text to look for has at most " + MAX_TEXT + " characters.");
    }
    String parent = form.get("parent");
    if (!parent.isEmpty() && TaskId.parse(parent).isEmpty()) {
      return new Asked.Unclear("The parent has to be the id of a task.");
    }
    boolean page =
        (after.isEmpty() || TaskId.parse(after).isPresent())
            && trail.size() <= MAX_TRAIL
            && trail.stream().allMatch(each -> TaskId.parse(each).isPresent());
    if (!page) {
      return new Asked.Unclear("The address names no page of the list.");
    }
    return new Asked.Tasks(
        new TaskQuery(
            known.orElse(null),
            lane,
            text,
            TaskId.parse(parent).orElse(null),
            TaskId.parse(after).orElse(null),
            trail.stream().map(TaskId::parse).flatMap(Optional::stream).toList()));
  }

  private static String shown(String text) {
    return text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "…" : text;
  }

  /** Everybody's tasks: who is logged in is the operator. */
  TaskFilter filter() {
    Lane wanted = lane.isEmpty() ? null : Lane.of(lane);
    return new TaskFilter(
        null,
        state == null ? Set.of() : Set.of(state),
        wanted == null ? null : wanted.type(),
        wanted == null ? null : wanted.model(),
        text.isEmpty() ? null : text,
        parent);
  }

  /** All children of a task. */
  static TaskQuery childrenOf(TaskId parent) {
    return new TaskQuery(null, "", "", parent, null, List.of());
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
    return state == null && lane.isEmpty() && text.isEmpty() && parent == null;
  }

  TaskQuery in(@Nullable TaskState other) {
    return new TaskQuery(other, lane, text, parent, null, List.of());
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
    return new TaskQuery(state, lane, text, parent, last, way.subList(start, way.size()));
  }

  TaskQuery newer() {
    return trail.isEmpty()
        ? first()
        : new TaskQuery(
            state, lane, text, parent, trail.getLast(), trail.subList(0, trail.size() - 1));
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
    if (parent != null) {
      pairs.add("parent=" + parent);
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
    String by = parent == null ? "" : " made by task " + parent;
    return kind + of + by + (text.isEmpty() ? "" : " containing “" + text + "”");
  }
}
