package dev.penstock.storage.sqlite;

/** The database file cannot be used; the message names it and says why. */
final class CannotOpen extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CannotOpen(String message, Throwable cause) {
    super(message, cause);
  }

  CannotOpen(String message) {
    super(message);
  }
}
