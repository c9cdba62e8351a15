package dev.penstock.engine.chat;

import java.util.Set;

/**
 * What a text may be, in GBNF, the notation of llama.cpp's grammars, ready to be matched. Safe for
 * any number of threads.
 */
public final class Grammar {
  /** What a grammar begins with. */
  static final String ROOT = "root";

  private final GrammarState start;

  private Grammar(GrammarState start) {
    this.start = start;
  }

  /**
   * A grammar, read from its text.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static Grammar parse(String gbnf) {
    Node root = new GrammarReader(gbnf).root();
    return new Grammar(GrammarState.of(Set.of(Frame.of(root, 0, Frame.END))));
  }

  /** How a text stands before its first character. */
  public GrammarState start() {
    return start;
  }
}
