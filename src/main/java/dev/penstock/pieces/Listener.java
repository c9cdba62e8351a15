package dev.penstock.pieces;

/** A node that listens to a task, as its sender sees it. For one thread. */
final class Listener {
  long run;

  /** The number of the piece that it is told next. */
  long cursor;

  /** So many bytes it still takes. */
  long credit;

  boolean endTold;

  /** When it is forgotten, should nothing more be heard. */
  long until;
}
