package dev.penstock.engine.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.engine.BackendTrouble;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A reply's body by the line. Ends of lines are of any kind, and a character may be cut wherever
 * the network cuts.
 */
final class Lines {
  /** No server says so much at once. */
  static final int LONGEST = 1 << 20;

  private static final char BYTE_ORDER_MARK = '\ufeff';

  private final ByteStream bytes;
  private final long firstBy;
  private final Duration idle;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private ByteBuffer chunk = ByteBuffer.allocate(0);
  private boolean any;
  private boolean ended;
  private boolean afterReturn;
  private boolean first = true;

  /**
   * @param firstBy when the first byte has to be there, by {@link System#nanoTime}
   */
  Lines(ByteStream bytes, long firstBy, Duration idle) {
    this.bytes = bytes;
    this.firstBy = firstBy;
    this.idle = idle;
  }

  /** The next line without its end; null: there is none. */
  @Nullable String next() throws BackendTrouble, IOException, InterruptedException {
    while (fill()) {
      byte one = chunk.get();
      boolean secondHalf = one == '\n' && afterReturn;
      afterReturn = one == '\r';
      if (one != '\n' && one != '\r') {
        if (line.size() >= LONGEST) {
          throw BackendTrouble.other(
              "it sent a line of more than " + LONGEST + " bytes, which is none of an answer");
        }
        line.write(one);
      } else if (!secondHalf) {
        return text();
      }
    }
    return line.size() == 0 ? null : text();
  }

  private String text() {
    String text = line.toString(UTF_8);
    line.reset();
    boolean marked = first && !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK;
    first = false;
    return marked ? text.substring(1) : text;
  }

  /** Whether there are bytes. */
  private boolean fill() throws IOException, InterruptedException {
    while (!ended && !chunk.hasRemaining()) {
      ByteBuffer next = bytes.next(any ? idle.toNanos() : firstBy - System.nanoTime());
      any = true;
      if (next == null) {
        ended = true;
      } else {
        chunk = next;
      }
    }
    return !ended;
  }

  /** Whether anything has come. */
  boolean any() {
    return any;
  }

  /** All of it, or its beginning. */
  String whole(int most) throws IOException, InterruptedException {
    while (line.size() < most && fill()) {
      line.write(chunk.get());
    }
    return line.toString(UTF_8);
  }

  /** Reads what is left, so that the connection may be used again; gives up soon. */
  void drain(Duration limit) throws InterruptedException {
    long until = System.nanoTime() + limit.toNanos();
    try {
      while (bytes.next(until - System.nanoTime()) != null) {
        // An end may have an end of its own.
      }
    } catch (IOException e) {
      // The answer is there.
    }
  }
}
