package dev.penstock.start;

import dev.penstock.dispatch.RetryTimes;
import dev.penstock.task.Lane;
import dev.penstock.types.TaskTypes;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the task types say themselves of when their tasks are tried again, once they are known. */
final class OwnRetryTimes implements RetryTimes {
  private final Supplier<Optional<TaskTypes>> types;

  /**
   * @param types empty: they are not known yet
   */
  OwnRetryTimes(Supplier<Optional<TaskTypes>> types) {
    this.types = types;
  }

  @Override
  public @Nullable Duration after(Lane lane, int attempts) {
    return types
        .get()
        .flatMap(all -> all.find(lane.type()))
        .map(type -> type.retryAfter(attempts))
        .orElse(null);
  }
}
