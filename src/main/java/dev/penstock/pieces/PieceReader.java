package dev.penstock.pieces;

import java.util.List;

/**
 * One reader of a task's pieces. It is told nothing: its bell rings, and it asks. For one thread.
 */
public final class PieceReader implements AutoCloseable {
  private final PieceHub hub;
  private final TaskPieces pieces;
  private final Runnable bell;
  private Position position;

  PieceReader(PieceHub hub, TaskPieces pieces, Position position, Runnable bell) {
    this.hub = hub;
    this.pieces = pieces;
    this.position = position;
    this.bell = bell;
  }

  void ring() {
    bell.run();
  }

  /** What is new since it was asked last, pieces of about that many bytes at most. */
  public List<PieceNews> take(long mostBytes) {
    TaskPieces.Read read = pieces.read(position, mostBytes);
    position = read.position();
    return read.news();
  }

  /** Behind all that was taken. */
  public Position position() {
    return position;
  }

  /** What is left of a completed task's pieces. */
  public enum Rest {
    /** All were taken. */
    NONE,
    /** There are more, and they may be on their way. */
    SOME,
    /** There may be more, and nobody has them. */
    LOST,
    /** Nobody has said how many there are. */
    UNKNOWN
  }

  /** What is left, once the task has completed. */
  public Rest rest() {
    return pieces.rest(position);
  }

  /** Whether the newest run that is known here is known to emit no more. */
  public boolean ended() {
    return pieces.ended();
  }

  /** Whether anybody may still tell of pieces: another node, or a worker far away. */
  public boolean mayCome() {
    return hub.clustered() || pieces.known();
  }

  @Override
  public void close() {
    hub.leave(pieces, this);
  }
}
