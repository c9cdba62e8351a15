package dev.penstock.engine.chat;

/** No value meets a schema. Costs no stack trace: where there are others, one of those is meant. */
final class Impossible extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Impossible() {
    super("no value meets the schema", null, false, false);
  }
}
