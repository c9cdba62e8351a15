package dev.penstock.core;

import dev.penstock.task.TaskHandler;
import org.jspecify.annotations.Nullable;

/** The control of a run whose time limit can stand still. */
public interface TimedControl extends TaskHandler.Control {

  /** Null: its time passes whatever it waits for, because somebody waits for it in turn. */
  @Nullable TimeLimit timeLimit();

  /** The limit of the run that has this control; null: none that could stand still. */
  static @Nullable TimeLimit of(TaskHandler.Control control) {
    return control instanceof TimedControl timed ? timed.timeLimit() : null;
  }
}
