package dev.penstock.cli;

/** What a command ends with, for scripts. */
final class ExitCode {
  static final int OK = 0;

  /** A task failed or was cancelled. */
  static final int TASK_FAILED = 1;

  /** Wrong options, or input that the server refuses. */
  static final int REFUSED = 2;

  /** No server, or one in trouble. */
  static final int UNAVAILABLE = 3;

  static final int TIMED_OUT = 4;

  /** Ctrl-C, as shells count it, or nobody reads the output any more. */
  static final int INTERRUPTED = 130;

  static final String[] FOOTER = {
    "",
    "Exit codes: 0 all well, 1 a task failed or was cancelled, 2 wrong options or input refused,"
        + " 3 server not reachable or in trouble, 4 timed out, 130 interrupted."
  };

  private ExitCode() {}

  /** The code that says more, where a command has met both. */
  static int worse(int one, int other) {
    return Math.max(one, other);
  }
}
