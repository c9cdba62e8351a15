package dev.penstock.web;

import dev.penstock.task.TaskId;
import org.jspecify.annotations.Nullable;

/**
 * A request that will not be carried out, thrown from wherever that was found. Costs no stack
 * trace: it is an expected ending, and bad input must stay cheap.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // never serialised
  private final ApiError error;

  @SuppressWarnings("serial") // never serialised
  private final @Nullable TaskId task;

  public Refusal(ApiError error) {
    this(error, null);
  }

  /**
   * @param task the task whose id the client may go on with
   */
  public Refusal(ApiError error, @Nullable TaskId task) {
    super(error.message(), null, false, false);
    this.error = error;
    this.task = task;
  }

  public ApiError error() {
    return error;
  }

  @Nullable TaskId task() {
    return task;
  }

  public static Refusal invalid(@Nullable String param, String message) {
    return new Refusal(ApiError.invalid(param, message));
  }
}
