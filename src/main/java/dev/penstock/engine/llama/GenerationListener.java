package dev.penstock.engine.llama;

/** Hears of a text as it is made. Called on a thread that makes others, too: must not block. */
interface GenerationListener {

  /**
   * A token more.
   *
   * @param text what is known of the text now; empty while it may be half a character, or a stop
   *     string
   */
  void piece(int token, String text);

  /** Nothing follows. */
  void ended(Ending ending);
}
