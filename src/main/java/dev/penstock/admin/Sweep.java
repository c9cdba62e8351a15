package dev.penstock.admin;

import dev.penstock.bus.Request;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.DeleteTasks;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.TaskFilter;
import dev.penstock.task.TaskState;
import java.util.EnumSet;
import java.util.Set;

/** What can be done to all tasks of a filter, and how it is put. */
enum Sweep {
  CANCEL("cancel", "Cancel", "cancels", "", "cancelled", "have not ended", true),
  RETRY("retry", "Retry", "runs", " again", "retried", "failed or were cancelled", false),
  DELETE("delete", "Delete", "deletes", "", "deleted", "have ended", true);

  final String path;
  final String verb;
  final String does;

  /** What follows the tasks in a sentence. */
  final String how;

  final String did;

  /** Of which tasks it is possible. */
  final String able;

  final boolean grave;

  Sweep(String word, String verb, String does, String how, String did, String able, boolean grave) {
    this.path = "/dashboard/" + word;
    this.verb = verb;
    this.does = does;
    this.how = how;
    this.did = did;
    this.able = able;
    this.grave = grave;
  }

  Set<TaskState> states() {
    return switch (this) {
      case CANCEL -> EnumSet.of(TaskState.PENDING, TaskState.PROCESSING);
      case RETRY -> EnumSet.of(TaskState.FAILED, TaskState.CANCELLED);
      case DELETE -> EnumSet.of(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED);
    };
  }

  Request<Swept> of(TaskFilter filter) {
    return switch (this) {
      case CANCEL -> new CancelTasks(filter);
      case RETRY -> new RetryTasks(filter);
      case DELETE -> new DeleteTasks(filter);
    };
  }
}
