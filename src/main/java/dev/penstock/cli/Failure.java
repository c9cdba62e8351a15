package dev.penstock.cli;

import java.io.Serial;

/** The end of a command that could not do what it was asked for. */
final class Failure extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final int code;

  /**
   * @param code one of {@link ExitCode}
   * @param message for the person at the terminal; empty: nothing is left to say
   */
  Failure(int code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  static Failure refused(String message) {
    return new Failure(ExitCode.REFUSED, message);
  }

  int code() {
    return code;
  }

  String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
