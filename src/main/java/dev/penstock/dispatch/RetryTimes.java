package dev.penstock.dispatch;

import dev.penstock.task.Lane;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What task types say of when a task is tried again. */
@FunctionalInterface
public interface RetryTimes {
  /** No type says anything. */
  RetryTimes AS_SET = (_, _) -> null;

  /** How long to wait after so many failed attempts; null: as the settings say. */
  @Nullable Duration after(Lane lane, int attempts);
}
