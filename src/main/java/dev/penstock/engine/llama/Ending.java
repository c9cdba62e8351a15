package dev.penstock.engine.llama;

/**
 * How a text ended.
 *
 * @param rest the end of its text, which was held back
 * @param reason for users, where it failed; else empty
 */
record Ending(Cause cause, String rest, String reason) {
  enum Cause {
    /** The model ended it, or a stop string. */
    STOP,
    /** It has as many tokens as it may have, or the slot is full. */
    LENGTH,
    CANCELLED,
    /** This text cannot be made; others can. */
    FAILED,
    /** The process died, or its model is not open. What was made so far can be gone on from. */
    DIED
  }

  static Ending of(Cause cause, String rest) {
    return new Ending(cause, rest, "");
  }

  static Ending failed(String reason) {
    return new Ending(Cause.FAILED, "", reason);
  }

  static Ending died(String reason) {
    return new Ending(Cause.DIED, "", reason);
  }
}
