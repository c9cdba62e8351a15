package dev.penstock.pieces;

import java.util.List;

/** What a reader of a task's pieces is told next. */
public sealed interface PieceNews {

  /**
   * Pieces, one JSON value each.
   *
   * @param from the number of the first
   */
  record Pieces(long run, long from, List<byte[]> pieces) implements PieceNews {}

  /** A run began anew: what was read so far is void, and the numbers begin at 0. */
  record Restart(long run) implements PieceNews {}

  /** The pieces of these numbers cannot be told any more: the first, and the first after them. */
  record Gap(long run, long from, long to) implements PieceNews {}
}
