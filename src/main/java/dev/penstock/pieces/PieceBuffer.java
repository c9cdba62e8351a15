package dev.penstock.pieces;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The newest pieces of a result, one number after the other, the oldest given up first. */
final class PieceBuffer {
  /** What a piece costs beside its bytes: an array's head, and its place in the ring. */
  static final long OVERHEAD = 32;

  private static final int SMALLEST = 16;

  private byte[][] ring = {};
  private int head;
  private int count;
  private long first;
  private long bytes;

  static long cost(byte[] piece) {
    return piece.length + OVERHEAD;
  }

  /** The number of the oldest piece; where there is none, of the next one. */
  long first() {
    return first;
  }

  /** The number of the piece that comes next. */
  long next() {
    return first + count;
  }

  /** What all of it costs. */
  long bytes() {
    return bytes;
  }

  /** Forgets everything; the next piece has this number. */
  void reset(long next) {
    ring = new byte[0][];
    head = 0;
    count = 0;
    bytes = 0;
    first = next;
  }

  void add(byte[] piece) {
    if (count == ring.length) {
      byte[][] larger = Arrays.copyOf(ring, Math.max(SMALLEST, 2 * count));
      for (int i = 0; i < count; i++) {
        larger[i] = get(i);
      }
      ring = larger;
      head = 0;
    }
    ring[(head + count) % ring.length] = piece;
    count++;
    bytes += cost(piece);
  }

  private byte[] get(int index) {
    return ring[(head + index) % ring.length];
  }

  /** Gives up the oldest pieces until the others cost no more than that. */
  @SuppressWarnings("NullAway") // a place that holds nothing is not read
  void trim(long most) {
    while (bytes > most && count > 0) {
      bytes -= cost(ring[head]);
      ring[head] = null;
      head = (head + 1) % ring.length;
      count--;
      first++;
    }
    if (count == 0) {
      reset(first);
    }
  }

  /**
   * The pieces from that number on: as many as cost no more than {@code most}, but one at least
   * where there is one.
   */
  List<byte[]> from(long number, long most) {
    List<byte[]> pieces = new ArrayList<>();
    long cost = 0;
    for (long each = Math.max(number, first); each < next(); each++) {
      byte[] piece = get((int) (each - first));
      cost += cost(piece);
      if (cost > most && !pieces.isEmpty()) {
        break;
      }
      pieces.add(piece);
    }
    return pieces;
  }
}
