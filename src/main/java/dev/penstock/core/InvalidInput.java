package dev.penstock.core;

import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import org.jspecify.annotations.Nullable;

/**
 * What somebody sent is at fault: carries what to tell them up through the parser. Costs no stack
 * trace: it is an expected ending, and bad input must stay cheap.
 */
public final class InvalidInput extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient TaskError error;
  private final @Nullable String param;

  public InvalidInput(String message) {
    this(TaskError.Code.INVALID_INPUT, null, message);
  }

  /**
   * @param param the field at fault; null: none in particular
   */
  public InvalidInput(@Nullable String param, String message) {
    this(TaskError.Code.INVALID_INPUT, param, message);
  }

  public InvalidInput(TaskError.Code code, String message) {
    this(code, null, message);
  }

  private InvalidInput(TaskError.Code code, @Nullable String param, String message) {
    super(message, null, false, false);
    this.error = new TaskError(code, message);
    this.param = param;
  }

  public @Nullable String param() {
    return param;
  }

  public String message() {
    return error.message();
  }

  /** What a task fails with for it. */
  public TaskError error() {
    return error;
  }

  public Outcome reject() {
    return new Outcome.Reject(error);
  }
}
