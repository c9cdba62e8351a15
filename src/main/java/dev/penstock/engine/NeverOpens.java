package dev.penstock.engine;

/** A model cannot be opened as it is, whoever tries and however often. */
final class NeverOpens extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param reason words for users
   */
  NeverOpens(String reason) {
    super(reason);
  }
}
