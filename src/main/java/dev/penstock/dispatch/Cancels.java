package dev.penstock.dispatch;

import dev.penstock.core.CancelResult;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Cancels tasks and follows it up: runs stop, and whoever waits for them hears of it. */
final class Cancels {
  private final TaskStore store;
  private final Dispatcher dispatcher;
  private final Families families;

  Cancels(TaskStore store, Dispatcher dispatcher, Families families) {
    this.store = store;
    this.dispatcher = dispatcher;
    this.families = families;
  }

  /** Cancels what has not ended; one answer each, in order. */
  List<CancelResult> cancel(List<TaskId> ids) {
    var tries = new AtomicInteger();
    List<CancelResult> answers =
        Repeat.whileUnknown(() -> {
          tries.incrementAndGet();
          return store.cancel(ids);
        });
    boolean repeated = tries.get() > 1;
    List<Task> ended = new ArrayList<>();
    for (CancelResult answer : answers) {
      if (answer instanceof CancelResult.Now(var task, var worker)) {
        dispatcher.cancelled(task, worker);
        ended.add(task);
      } else if (repeated && answer instanceof CancelResult.Ended(var task)) {
        cancelledPerhaps(task);
        ended.add(task);
      }
    }
    families.ended(ended);
    return answers;
  }

  /** Follows up a cancel whose answer was lost, where the task is cancelled now. */
  private void cancelledPerhaps(Task task) {
    if (task.state() == TaskState.CANCELLED) {
      dispatcher.cancelledBefore(task);
    }
  }
}
