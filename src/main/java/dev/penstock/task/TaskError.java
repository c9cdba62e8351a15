package dev.penstock.task;

import java.util.Locale;

/**
 * Why a task, or a request for one, did not succeed: a code to act on and a sentence to read. What
 * is no sentence is mended, and a long one is cut.
 */
public record TaskError(Code code, String message) {
  private static final int MAX_MESSAGE = 2_000;
  private static final String NO_REASON = "no reason was given";

  /** What went wrong. Its HTTP status is decided in one place, where errors are rendered. */
  public enum Code {
    /** The input is at fault; the same input will fail again. */
    INVALID_INPUT,
    /** The Idempotency-Key belongs to a task with other content. */
    IDEMPOTENCY_CONFLICT,
    /** A text has more tokens than its model reads. */
    CONTEXT_LENGTH_EXCEEDED,
    /** No model goes by that name. */
    MODEL_NOT_FOUND,
    /** The model threw, or could not be loaded. */
    INFERENCE_FAILED,
    /** The handler ran past the task's time limit. */
    TIMEOUT,
    /** Its workers vanished too often while they held it. */
    LEASE_LOST,
    /** A handler broke in a way it did not foresee. */
    HANDLER_FAILED,
    /** There is no room for more work right now. */
    OVERLOADED,
    /** The queue or the store cannot be reached or cannot write. */
    UNAVAILABLE,
    /** The program is stopping and takes no new work. */
    STOPPING,
    /** What room is left is for owners who hold less. */
    SHARE_USED;

    /** The name used in JSON: lower case. */
    public String json() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether a run can find it out; the others are the server's own to say. */
    public boolean ofRuns() {
      return switch (this) {
        case INVALID_INPUT,
            CONTEXT_LENGTH_EXCEEDED,
            MODEL_NOT_FOUND,
            INFERENCE_FAILED,
            TIMEOUT,
            HANDLER_FAILED,
            OVERLOADED,
            UNAVAILABLE ->
            true;
        case IDEMPOTENCY_CONFLICT, LEASE_LOST, STOPPING, SHARE_USED -> false;
      };
    }
  }

  public TaskError {
    if (code == null) {
      code = Code.HANDLER_FAILED; // a plugin's, which nothing else checks
    }
    message = Words.mended(message, MAX_MESSAGE, "…");
    if (message.isBlank()) {
      message = NO_REASON;
    }
  }

  /** The same as a run may say it: a code that is the server's own stands in the message. */
  public TaskError ofRun() {
    return code.ofRuns() ? this : new TaskError(Code.HANDLER_FAILED, code.json() + ": " + message);
  }
}
