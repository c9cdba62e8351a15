package dev.penstock.core;

import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;

/** A task's input is at fault: carries what to tell its submitter up through the parser. */
public final class InvalidInput extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient TaskError error;

  public InvalidInput(String message) {
    this(TaskError.Code.INVALID_INPUT, message);
  }

  public InvalidInput(TaskError.Code code, String message) {
    super(message, null, false, false);
    this.error = new TaskError(code, message);
  }

  public Outcome reject() {
    return new Outcome.Reject(error);
  }
}
