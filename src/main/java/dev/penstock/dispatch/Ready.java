package dev.penstock.dispatch;

import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Which tasks that the store has taken are to be enqueued, as far as this node's clock can say. */
final class Ready {
  /**
   * A task that starts about now is enqueued at once, for the store may hold it to be ready
   * already. If it does not, the message is in vain and the Scheduler makes another.
   */
  private static final Duration ABOUT_NOW = Duration.ofSeconds(1);

  private Ready() {}

  static List<TaskSpec> of(List<TaskSpec> tasks, InstantSource clock) {
    Instant soon = clock.instant().plus(ABOUT_NOW);
    return tasks.stream()
        .filter(spec -> spec.runAt() == null || spec.runAt().isBefore(soon))
        .toList();
  }
}
