package dev.penstock.web;

import io.vertx.core.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The body of a {@link LongReply} while it is rendered: kept as long as it is short, and sent on
 * its way from then on.
 */
final class LongBody extends OutputStream {
  /** Shorter ones are whole before they are sent, with their length. */
  private static final int SHORT = PacedOutput.PORTION;

  private final Exchange exchange;
  private final Context context;
  private final Duration idle;
  private final boolean packed;
  private final Runnable begin;
  private @Nullable ByteArrayOutputStream start = new ByteArrayOutputStream(1_024);
  private @Nullable PacedOutput paced;
  private @Nullable OutputStream rest;
  private @Nullable Refusal refused;

  /**
   * @param packed whether a long one goes out in gzip
   * @param begin sends the head of a long one
   */
  LongBody(Exchange exchange, Context context, Duration idle, boolean packed, Runnable begin) {
    this.exchange = exchange;
    this.context = context;
    this.idle = idle;
    this.packed = packed;
    this.begin = begin;
  }

  @Override
  public void write(int each) throws IOException {
    write(new byte[] {(byte) each}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    ByteArrayOutputStream begun = start;
    if (begun != null && begun.size() + length <= SHORT) {
      begun.write(bytes, from, length);
    } else {
      rest().write(bytes, from, length);
    }
  }

  private OutputStream rest() throws IOException {
    OutputStream known = rest;
    if (known != null) {
      return known;
    }
    hold();
    var made = new PacedOutput(exchange, context, idle);
    OutputStream begun = packed ? new Reply.Gzip(made) : made;
    context.runOnContext(_ -> begin.run());
    paced = made;
    rest = begun;
    ByteArrayOutputStream kept = start;
    start = null;
    if (kept != null) {
      kept.writeTo(begun);
    }
    return begun;
  }

  private void hold() {
    try {
      exchange.hold(PacedOutput.TAKES);
    } catch (Refusal refusal) {
      refused = refusal;
      throw refusal;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClientGone();
    }
  }

  /** All of a short one; null: it is long, and on its way. */
  byte @Nullable [] whole() {
    ByteArrayOutputStream kept = start;
    return kept == null ? null : kept.toByteArray();
  }

  /** Why none of it was sent; null: that is not so. What renders it may hide its exceptions. */
  @Nullable Refusal refused() {
    return refused;
  }

  /** Whether its client has gone, or was let go. */
  boolean broken() {
    PacedOutput begun = paced;
    return begun != null && begun.broken();
  }

  /** How long the client of a long one may still take, in nanoseconds. */
  long left() {
    PacedOutput begun = paced;
    return begun == null ? 0 : begun.left();
  }

  /** Sends what is left of a long one. */
  @Override
  public void close() throws IOException {
    OutputStream begun = rest;
    if (begun != null) {
      begun.close();
    }
  }
}
