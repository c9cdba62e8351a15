package dev.penstock.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A backend did not give an answer, or not all of it. Its message is one line, for users. */
public final class BackendTrouble extends Exception {
  private static final long serialVersionUID = 1L;

  private final Kind kind;
  private final @Nullable Duration pause;

  /** What is to be done about it. */
  public enum Kind {
    /** It is out of reach or broken: another may be asked. */
    AWAY,
    /** The same, and it may have more to do than it can. */
    SLOW,
    /** It wants to be left alone for a while: nothing was tried. */
    BUSY,
    /** It is there, and something else is wrong. */
    OTHER
  }

  private BackendTrouble(Kind kind, String message, @Nullable Duration pause) {
    super(message);
    this.kind = kind;
    this.pause = pause;
  }

  public static BackendTrouble away(String message) {
    return new BackendTrouble(Kind.AWAY, message, null);
  }

  public static BackendTrouble slow(String message) {
    return new BackendTrouble(Kind.SLOW, message, null);
  }

  public static BackendTrouble busy(String message, Duration pause) {
    return new BackendTrouble(Kind.BUSY, message, pause);
  }

  public static BackendTrouble other(String message) {
    return new BackendTrouble(Kind.OTHER, message, null);
  }

  public Kind kind() {
    return kind;
  }

  /** How long it is to be left alone; null: nothing was said of that. */
  public @Nullable Duration pause() {
    return pause;
  }

  /** The words for it. */
  public String reason() {
    return String.valueOf(getMessage());
  }

  /** Whether another backend may be asked, as long as nothing was said. */
  boolean another() {
    return kind == Kind.AWAY || kind == Kind.SLOW;
  }
}
