package dev.penstock.subprocess;

import dev.penstock.base.Visible;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What a child prints: read as fast as it comes, so that it never waits for us, and all forgotten
 * but the last lines.
 */
final class Printed {
  private static final int LINES = 6;
  private static final int LINE = 300;
  private static final int LOGGED = 200;

  /** The signal and the frame, in the JVM's long report on its own crash. */
  private static final String TELLING = "# ( \\S.*|[CVJj] .*)";

  private final long most;
  private final Consumer<String> log;
  private final Runnable tooMuch;
  private final Deque<String> last = new ArrayDeque<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  /** Since the last call began. Guarded by this, as all above. */
  private long bytes;

  private int logged;
  private boolean fatal;

  /**
   * @param most bytes from one call to the next
   * @param log takes a few hundred lines of each call
   * @param tooMuch done when it prints more than that; what comes then is read all the same
   */
  Printed(long most, Consumer<String> log, Runnable tooMuch) {
    this.most = most;
    this.log = log;
    this.tooMuch = tooMuch;
  }

  /** A call begins: it has the whole room. */
  synchronized void begin() {
    bytes = 0;
    logged = 0;
  }

  /** Reads to the end. */
  void read(InputStream in) {
    byte[] chunk = new byte[8192];
    try {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        if (take(chunk, count)) {
          tooMuch.run();
        }
      }
    } catch (IOException e) {
      // It has ended.
    }
    synchronized (this) {
      endLine();
    }
  }

  private synchronized boolean take(byte[] chunk, int count) {
    for (int i = 0; i < count; i++) {
      byte b = chunk[i];
      if (b == '\n' || b == '\r') {
        endLine();
      } else if (line.size() < LINE) {
        line.write(b);
      }
    }
    boolean before = bytes <= most;
    bytes += count;
    return before && bytes > most;
  }

  private void endLine() {
    String text = Visible.text(line.toString(StandardCharsets.UTF_8)).strip();
    line.reset();
    if (text.isEmpty()) {
      return;
    }
    if (logged < LOGGED) {
      logged++;
      log.accept(text);
    }
    fatal |= text.startsWith("# A fatal error has been detected");
    if (fatal ? text.matches(TELLING) : !text.equals("#")) {
      last.addLast(text);
      if (last.size() > LINES) {
        last.removeFirst();
      }
    }
  }

  /** The last lines as one, or what a report says; empty when it printed nothing. */
  synchronized String last() {
    return String.join(" | ", last);
  }
}
