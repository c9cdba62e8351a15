package dev.penstock.engine.trial;

import java.nio.charset.StandardCharsets;

/**
 * How a trial ended that the child lived through.
 *
 * @param reason words for users; empty when the model passed
 */
record TrialEnd(Kind kind, String reason) {

  enum Kind {
    PASSED('p'),
    /** It can never be opened. */
    BROKEN('b'),
    /** It may be another time. */
    NOT_NOW('n');

    private final char code;

    Kind(char code) {
      this.code = code;
    }

    private static Kind of(char code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IllegalArgumentException("no end of a trial is called " + (int) code);
    }
  }

  byte[] bytes() {
    return (kind.code + reason).getBytes(StandardCharsets.UTF_8);
  }

  static TrialEnd of(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return new TrialEnd(Kind.of(text.charAt(0)), text.substring(1));
  }
}
