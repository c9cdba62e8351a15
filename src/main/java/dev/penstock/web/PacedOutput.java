package dev.penstock.web;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Takes the bytes of a response from the thread that makes them to the socket: in portions, and
 * never more than a few ahead of the client. One that reads too slowly is let go.
 */
final class PacedOutput extends OutputStream {
  static final int PORTION = 32 * 1024;

  /** Portions on their way; one more is being filled. */
  private static final int AHEAD = 2;

  /** About what it takes in memory. */
  static final long TAKES = (AHEAD + 1L) * PORTION;

  private final Exchange exchange;
  private final Context context;
  private final Duration idle;
  private final long since = System.nanoTime();
  private final Semaphore ahead = new Semaphore(AHEAD);
  private final byte[] portion = new byte[PORTION];
  private int filled;
  private long sent;
  private volatile boolean broken;

  /**
   * @param idle how long a client may take beside {@link Pipeline#SLOWEST_READER}
   */
  PacedOutput(Exchange exchange, Context context, Duration idle) {
    this.exchange = exchange;
    this.context = context;
    this.idle = idle;
    var _ = exchange.gone().thenRun(this::breakOff);
  }

  private void breakOff() {
    broken = true;
    ahead.release(AHEAD);
  }

  @Override
  public void write(int each) {
    write(new byte[] {(byte) each}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    int at = from;
    int left = length;
    while (left > 0) {
      int some = Math.min(left, PORTION - filled);
      System.arraycopy(bytes, at, portion, filled, some);
      filled += some;
      at += some;
      left -= some;
      if (filled == PORTION) {
        send();
      }
    }
  }

  /** Sends what is left. The response is not ended. */
  @Override
  public void close() {
    if (filled > 0) {
      send();
    }
  }

  private void send() {
    try {
      if (broken || !ahead.tryAcquire(Math.max(0, left()), TimeUnit.NANOSECONDS) || broken) {
        broken = true;
        throw new ClientGone();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      broken = true;
      throw new ClientGone();
    }
    Buffer next = Buffer.buffer(filled).appendBytes(portion, 0, filled);
    sent += filled;
    filled = 0;
    context.runOnContext(_ -> write(next));
  }

  /** On the event loop. */
  private void write(Buffer next) {
    if (exchange.gone().isDone()) {
      return; // its thread knows
    }
    exchange
        .request()
        .response()
        .write(next)
        .onComplete(written -> {
          if (written.failed()) {
            broken = true;
          }
          ahead.release();
        });
  }

  /** Whether nothing more can be sent. */
  boolean broken() {
    return broken;
  }

  /** How long the client may still take for what it was sent, in nanoseconds. */
  long left() {
    long most = idle.toNanos() + TimeUnit.SECONDS.toNanos(sent) / Pipeline.SLOWEST_READER;
    return most - (System.nanoTime() - since);
  }
}
