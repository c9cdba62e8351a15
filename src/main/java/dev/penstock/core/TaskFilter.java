package dev.penstock.core;

import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks are meant.
 *
 * @param owner whose; null: everybody's
 * @param states none: any
 * @param text a part of the id, the input, the metadata or the error; case does not matter for
 *     ASCII letters
 * @param parent whose children; null: anybody's and nobody's
 */
public record TaskFilter(
    @Nullable String owner,
    Set<TaskState> states,
    @Nullable String type,
    @Nullable String model,
    @Nullable String text,
    @Nullable TaskId parent) {

  public TaskFilter {
    states = Set.copyOf(states);
  }

  /** Tasks that another one may have asked for or none. */
  public TaskFilter(
      @Nullable String owner,
      Set<TaskState> states,
      @Nullable String type,
      @Nullable String model,
      @Nullable String text) {
    this(owner, states, type, model, text, null);
  }

  /** All tasks of an owner. */
  public static TaskFilter of(String owner) {
    return new TaskFilter(owner, Set.of(), null, null, null);
  }

  /** Whether tasks of that lane may be meant. */
  public boolean means(Lane lane) {
    return (type == null || type.equals(lane.type()))
        && (model == null || model.equals(lane.model()));
  }

  /** Whether a task is meant, its text apart. */
  public boolean means(Task task) {
    return (owner == null || owner.equals(task.spec().owner()))
        && (states.isEmpty() || states.contains(task.state()))
        && means(task.spec().lane())
        && (parent == null || parent.equals(task.spec().parent()));
  }

  /**
   * Whether there can be no such task: no text is stored with a NUL in it, and stores would look
   * for what stands before that; characters that nobody can see are nobody's search.
   */
  public boolean meansNone() {
    return text != null
        && !text.isEmpty()
        && (text.indexOf('\0') >= 0 || text.chars().allMatch(Character::isISOControl));
  }

  /** The task whose whole id is looked for: it is found wherever it stands. */
  public Optional<TaskId> named() {
    return text == null ? Optional.empty() : TaskId.parse(text.toLowerCase(Locale.ROOT));
  }

  public TaskFilter in(Set<TaskState> wanted) {
    return new TaskFilter(owner, wanted, type, model, text, parent);
  }

  public TaskFilter childrenOf(TaskId task) {
    return new TaskFilter(owner, states, type, model, text, task);
  }
}
