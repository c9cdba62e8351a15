package dev.penstock.base;

/**
 * The queue or the store did not do what it was asked. {@link #surelyNotDone} tells the two cases
 * apart that a caller must treat differently.
 */
public final class Unavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean surelyNotDone;
  private final boolean forAll;

  private Unavailable(String message, boolean surelyNotDone, boolean forAll, Throwable cause) {
    super(message, cause);
    this.surelyNotDone = surelyNotDone;
    this.forAll = forAll;
  }

  /** It was refused or never sent: nothing has changed. */
  public static Unavailable refused(String message, Throwable cause) {
    return new Unavailable(message, true, false, cause);
  }

  /** No answer in time: it may or may not have happened. Safe to repeat with the same id. */
  public static Unavailable unknown(String message, Throwable cause) {
    return new Unavailable(message, false, false, cause);
  }

  /** Somebody who is there says that the store is away: it is, for everybody. */
  public static Unavailable forAll(String message, Throwable cause) {
    return new Unavailable(message, false, true, cause);
  }

  /** The same for another thread that waited for it, thrown where that one stands. */
  Unavailable again() {
    return new Unavailable(String.valueOf(getMessage()), surelyNotDone, forAll, this);
  }

  /** Whether nobody else can ask the store either, as far as is known. */
  public boolean isForAll() {
    return forAll;
  }

  public boolean surelyNotDone() {
    return surelyNotDone;
  }
}
