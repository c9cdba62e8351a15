package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskSpec;
import java.util.List;
import java.util.function.Supplier;

/**
 * Makes tasks ready whose time has come: after a back-off, at the time they were asked for, or
 * because they have waited for their children long enough.
 */
final class Scheduler implements Runnable {
  private static final int AT_A_TIME = 500;

  private final TaskStore store;
  private final Dispatcher dispatcher;

  Scheduler(TaskStore store, Dispatcher dispatcher) {
    this.store = store;
    this.dispatcher = dispatcher;
  }

  @Override
  public void run() {
    all(() -> store.promoteDue(AT_A_TIME));
    all(() -> store.children().wakeDue(AT_A_TIME));
  }

  private void all(Supplier<List<TaskSpec>> some) {
    List<TaskSpec> due;
    do {
      due = some.get();
      dispatcher.due(due);
    } while (!due.isEmpty());
  }
}
