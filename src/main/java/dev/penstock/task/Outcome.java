package dev.penstock.task;

import java.time.Duration;

/** What a handler returns: how its run ended and what should follow. */
public sealed interface Outcome {

  /** It worked. */
  record Done(TaskOutput output) implements Outcome {}

  /** It failed and may work later: tried again with back-off while attempts remain. */
  record Retry(TaskError error) implements Outcome {}

  /** The input is at fault: never tried again. */
  record Reject(TaskError error) implements Outcome {}

  /** There is no room for it now: tried again after the delay, and no attempt is spent. */
  record Postpone(Duration delay) implements Outcome {}
}
