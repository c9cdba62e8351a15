package dev.penstock.task;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a handler returns: how its run ended and what should follow. */
public sealed interface Outcome {

  /** It worked. */
  record Done(TaskOutput output) implements Outcome {}

  /** It failed and may work later: tried again with back-off while attempts remain. */
  record Retry(TaskError error) implements Outcome {}

  /** The input is at fault: never tried again. */
  record Reject(TaskError error) implements Outcome {}

  /** There is no room for it now: tried again after the delay, and no attempt is spent. */
  record Postpone(Duration delay) implements Outcome {
    /** The longest delay. */
    public static final Duration MOST = Duration.ofDays(30);
  }

  /** It worked; the result is a value as {@link TaskOutput#of} writes it. */
  static Outcome done(@Nullable Object result) {
    return new Done(TaskOutput.of(result));
  }

  /** It failed for a reason that may pass. */
  static Outcome retry(String message) {
    return new Retry(new TaskError(TaskError.Code.HANDLER_FAILED, message));
  }

  /** The input is at fault in a way that its schema cannot say. */
  static Outcome reject(String message) {
    return new Reject(new TaskError(TaskError.Code.INVALID_INPUT, message));
  }
}
