package dev.penstock.task;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some of a task's children that have ended and whose results it has not said it has read.
 *
 * @param more whether there are others
 * @param open how many of its children have not ended
 */
public record EndedChildren(List<Child> children, boolean more, int open) {
  public static final EndedChildren NONE = new EndedChildren(List.of(), false, 0);

  public EndedChildren {
    children = List.copyOf(children);
  }

  /**
   * One of them.
   *
   * @param state completed, failed or cancelled
   * @param output its result; null: it has none
   * @param error why it has none; of a child whose record is gone, that it was lost
   */
  public record Child(
      TaskId id,
      String key,
      TaskState state,
      @Nullable TaskOutput output,
      @Nullable TaskError error) {}
}
