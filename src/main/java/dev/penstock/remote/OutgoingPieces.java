package dev.penstock.remote;

import dev.penstock.bus.Request.Emitter;
import dev.penstock.protocol.PiecesRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one run has emitted and the server does not have yet. Where there is too much of it the
 * oldest is given up, and those who listen are told of the gap. Thread-safe.
 */
final class OutgoingPieces {
  private static final Logger LOG = LoggerFactory.getLogger(OutgoingPieces.class);
  private static final long MOST = 256 << 10;
  private static final long PORTION = 64 << 10;
  private static final int OVERHEAD = 32;

  /** Between one message and the next. */
  private static final long GATHER_MS = 25;

  /** After its end a run's pieces are tried for so long. */
  private static final long END_WITHIN = TimeUnit.SECONDS.toNanos(10);

  private final Emitter emitter;
  private final boolean resumed;
  private final AtomicLong all;
  private final long mostOfAll;
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private long first;
  private long bytes;
  private boolean begun;
  private boolean ended;
  private boolean done;
  private boolean endSent;
  private boolean closed;
  private boolean complained;
  private long endedAt;

  /**
   * @param all the bytes that wait of all runs
   */
  OutgoingPieces(Emitter emitter, boolean resumed, long first, AtomicLong all, long mostOfAll) {
    this.emitter = emitter;
    this.resumed = resumed;
    this.first = first;
    this.all = all;
    this.mostOfAll = mostOfAll;
  }

  /** Pieces that go together. */
  static final class Portion {
    private final boolean resumed;
    private final long offset;
    private final List<byte[]> pieces;
    private final boolean end;
    private boolean again;

    Portion(boolean resumed, long offset, List<byte[]> pieces, boolean end) {
      this.resumed = resumed;
      this.offset = offset;
      this.pieces = pieces;
      this.end = end;
    }

    boolean resumed() {
      return resumed;
    }

    long offset() {
      return offset;
    }

    List<byte[]> pieces() {
      return pieces;
    }

    boolean end() {
      return end;
    }

    /** It did not arrive, as far as is known. */
    void again() {
      again = true;
    }
  }

  Emitter emitter() {
    return emitter;
  }

  synchronized void add(byte[] piece) {
    if (closed) {
      return;
    }
    if (!PiecesRequest.valid(piece)) {
      if (!complained) {
        LOG.warn("task {}: emits what is not JSON; it is left out", emitter.id());
      }
      complained = true;
      dropTo(first + waiting.size());
      first++;
      return;
    }
    waiting.add(piece);
    count(piece.length + OVERHEAD);
    while (waiting.size() > 1 && (bytes > MOST || all.get() > mostOfAll)) {
      dropTo(first + 1);
    }
    notifyAll();
  }

  private void count(long change) {
    bytes += change;
    all.addAndGet(change);
  }

  private void dropTo(long next) {
    while (first < next && !waiting.isEmpty()) {
      count(-waiting.remove().length - OVERHEAD);
      first++;
    }
  }

  /**
   * No more come. Waits at most so long until all are sent.
   *
   * @param brings whether the run is about to bring the result
   */
  synchronized boolean end(boolean brings, Duration patience) {
    ended = true;
    done = brings;
    endedAt = System.nanoTime();
    notifyAll();
    long until = endedAt + patience.toNanos();
    try {
      for (long left = patience.toNanos(); !closed && left > 0; left = until - System.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return closed;
  }

  /** What to send next, once there is something; null: there will be nothing more. */
  @Nullable Portion next() throws InterruptedException {
    if (begun && !over()) {
      Thread.sleep(GATHER_MS);
    }
    synchronized (this) {
      while (begun && waiting.isEmpty() && !ended && !closed) {
        wait();
      }
      boolean late = ended && System.nanoTime() - endedAt > END_WITHIN;
      if (closed || late || (begun && over())) {
        return null;
      }
      begun = true;
      List<byte[]> pieces = new ArrayList<>();
      long size = 0;
      for (byte[] piece : waiting) {
        size += piece.length + OVERHEAD;
        if (size > PORTION && !pieces.isEmpty()) {
          break;
        }
        pieces.add(piece);
      }
      boolean last = ended && done && pieces.size() == waiting.size();
      return new Portion(resumed, first, List.copyOf(pieces), last);
    }
  }

  /** Whether there is nothing more to send: a run that ends waits for it. */
  private synchronized boolean over() {
    return closed || (ended && waiting.isEmpty() && (endSent || !done));
  }

  /** The portion has been sent, or is to be sent again. */
  synchronized void sent(Portion portion) {
    if (!portion.again) {
      dropTo(portion.offset() + portion.pieces().size());
      endSent |= portion.end();
    }
  }

  synchronized boolean open() {
    return !closed;
  }

  /**
   * Nobody takes them any more.
   *
   * @return whether the run has ended
   */
  synchronized boolean close() {
    closed = true;
    count(-bytes);
    waiting.clear();
    notifyAll();
    return ended;
  }
}
