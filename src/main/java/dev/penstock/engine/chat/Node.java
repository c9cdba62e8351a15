package dev.penstock.engine.chat;

import java.util.List;

/** A part of a grammar. Two are the same only if they are one object. */
sealed interface Node permits Chars, Node.Sequence, Node.Choice, Node.Repeat, Node.Rule {
  int ENDLESS = Integer.MAX_VALUE;

  record Sequence(List<Node> parts) implements Node {}

  record Choice(List<Node> branches) implements Node {}

  record Repeat(Node part, int least, int most) implements Node {}

  /** A part with a name, by which others refer to it, itself too. */
  final class Rule implements Node {
    final String name;
    Node body = new Choice(List.of());
    boolean known;

    Rule(String name) {
      this.name = name;
    }
  }
}
