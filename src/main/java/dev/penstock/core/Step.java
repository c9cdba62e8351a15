package dev.penstock.core;

import dev.penstock.task.TaskError;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something on a task's way that its current state does not show: a run that did not succeed, or
 * what somebody did by hand.
 *
 * @param at when it happened
 * @param startedAt when the run began that it ended; null: there was none
 * @param worker who ran it
 * @param error how that run ended
 */
public record Step(
    Kind kind,
    Instant at,
    @Nullable Instant startedAt,
    @Nullable String worker,
    @Nullable TaskError error) {

  /** So many are kept of a task: the newest. */
  public static final int MOST = 100;

  public enum Kind {
    /** An attempt ended in an error. */
    FAILED,
    /** A lease lapsed: its worker was not heard from. */
    LOST,
    /** Cancelled by hand, or because nobody waited for it any more. */
    CANCELLED,
    /** Made pending again by hand, with all its attempts before it. */
    RETRIED;

    /** The name used in JSON: lower case. */
    public String json() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
