package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.List;

/** Inserts the children of awaits whose node has not done so: it died, or the store was away. */
final class LateInserts implements Runnable {
  static final Duration EVERY = Duration.ofSeconds(2);

  /** Younger awaits are left to the nodes that took them. */
  static final Duration AGE = Duration.ofSeconds(5);

  private static final int AT_A_TIME = 500;
  private static final int ROUNDS = 50;

  private final TaskStore store;
  private final Families families;
  private final Cancels cancels;

  LateInserts(TaskStore store, Families families, Cancels cancels) {
    this.store = store;
    this.families = families;
    this.cancels = cancels;
  }

  @Override
  public void run() {
    for (int round = 0; round < ROUNDS; round++) {
      List<TaskSpec> late = store.children().toInsert(AGE, AT_A_TIME);
      if (late.isEmpty()) {
        return;
      }
      cancels.cancel(families.insert(late));
    }
  }
}
