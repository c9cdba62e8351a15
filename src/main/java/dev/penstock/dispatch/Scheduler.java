package dev.penstock.dispatch;

import dev.penstock.storage.TaskStore;
import dev.penstock.task.TaskSpec;
import java.util.List;

/** Makes tasks ready whose time has come: after a back-off, or at the time they were asked for. */
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
    List<TaskSpec> due;
    do {
      due = store.promoteDue(AT_A_TIME);
      dispatcher.due(due);
    } while (!due.isEmpty());
  }
}
