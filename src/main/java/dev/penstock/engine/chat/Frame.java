package dev.penstock.engine.chat;

import org.jspecify.annotations.Nullable;

/**
 * What is still to come of a text: a part of the grammar, of which {@code done} is there, and then
 * what is below. Two that have the same to come are equal.
 */
final class Frame {
  /** Nothing is to come. */
  static final Frame END = new Frame(null, 0, null);

  final @Nullable Node node;
  final int done;
  private final @Nullable Frame below;
  private final int hash;

  private Frame(@Nullable Node node, int done, @Nullable Frame below) {
    this.node = node;
    this.done = done;
    this.below = below;
    hash = 31 * (31 * System.identityHashCode(node) + done) + (below == null ? 0 : below.hash);
  }

  static Frame of(Node node, int done, Frame below) {
    return new Frame(node, done, below);
  }

  Frame below() {
    return below == null ? END : below;
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a part of a grammar is itself alone
  public boolean equals(@Nullable Object other) {
    Frame mine = this;
    Frame its = other instanceof Frame frame ? frame : null;
    while (mine != its) {
      if (mine == null
          || its == null
          || mine.hash != its.hash
          || mine.node != its.node
          || mine.done != its.done) {
        return false;
      }
      mine = mine.below;
      its = its.below;
    }
    return true;
  }
}
