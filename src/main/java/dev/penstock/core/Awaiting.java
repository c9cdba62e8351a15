package dev.penstock.core;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a task waits for: that at most {@code wakeAt} of its children are open, counting those that
 * are not inserted yet.
 *
 * @param children new ones, to be inserted
 * @param atMost the longest wait; null: until they end
 * @param wakeOnFailure whether one that fails or is cancelled from now on ends the wait
 */
public record Awaiting(
    List<NewChild> children, int wakeAt, @Nullable Duration atMost, boolean wakeOnFailure) {
  public Awaiting {
    children = List.copyOf(children);
  }
}
