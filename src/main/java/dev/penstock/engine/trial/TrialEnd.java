package dev.penstock.engine.trial;

import java.nio.charset.StandardCharsets;

/**
 * How a trial ended that the child lived through.
 *
 * @param reason words for users; empty when the model passed
 */
record TrialEnd(Kind kind, String reason) {

  enum Kind {
    PASSED,
    /** It can never be opened. */
    BROKEN,
    /** It may be another time. */
    NOT_NOW
  }

  byte[] bytes() {
    return (kind.ordinal() + reason).getBytes(StandardCharsets.UTF_8);
  }

  static TrialEnd of(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return new TrialEnd(Kind.values()[text.charAt(0) - '0'], text.substring(1));
  }
}
