package dev.penstock.models;

/** A directory is no model; the message says what is wrong with it, in words for users. */
final class BrokenModel extends Exception {
  private static final long serialVersionUID = 1L;

  BrokenModel(String message) {
    super(message);
  }
}
