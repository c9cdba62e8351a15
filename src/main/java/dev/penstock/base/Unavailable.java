package dev.penstock.base;

/**
 * The queue or the store did not do what it was asked. {@link #surelyNotDone} tells the two cases
 * apart that a caller must treat differently.
 */
public final class Unavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean surelyNotDone;

  private Unavailable(String message, boolean surelyNotDone, Throwable cause) {
    super(message, cause);
    this.surelyNotDone = surelyNotDone;
  }

  /** It was refused or never sent: nothing has changed. */
  public static Unavailable refused(String message, Throwable cause) {
    return new Unavailable(message, true, cause);
  }

  /** No answer in time: it may or may not have happened. Safe to repeat with the same id. */
  public static Unavailable unknown(String message, Throwable cause) {
    return new Unavailable(message, false, cause);
  }

  /** The same for another thread that waited for it, thrown where that one stands. */
  Unavailable again() {
    return new Unavailable(String.valueOf(getMessage()), surelyNotDone, this);
  }

  public boolean surelyNotDone() {
    return surelyNotDone;
  }
}
