package dev.penstock.engine.llama;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What the library says of itself. Its last complaints are kept: its functions return no reason
 * when they fail.
 */
final class LlamaLog {
  private static final int WARNING = 3;
  private static final int ERROR = 4;
  private static final int CONTINUED = 5;
  private static final int LINES = 4;
  private static final int LINE = 300;

  private final Deque<String> complaints = new ArrayDeque<>();
  private int lastLevel;

  /** Called by native code, on any thread. What it throws would end the process. */
  @SuppressWarnings({"restricted", "unused"}) // The user's pointer is none.
  void take(int level, MemorySegment text, MemorySegment user) {
    try {
      add(level, text.reinterpret(Long.MAX_VALUE).getString(0));
    } catch (RuntimeException e) {
      add(ERROR, "a line that cannot be read");
    }
  }

  private synchronized void add(int level, String text) {
    int real = level == CONTINUED ? lastLevel : level;
    lastLevel = real;
    String line = text.strip();
    if ((real == ERROR || real == WARNING) && !line.isEmpty()) {
      // Nobody reads them but through the parent, which logs at DEBUG.
      System.err.println(line);
      if (real == ERROR) {
        complaints.addLast(line.length() <= LINE ? line : line.substring(0, LINE));
        if (complaints.size() > LINES) {
          complaints.removeFirst();
        }
      }
    }
  }

  synchronized void forget() {
    complaints.clear();
  }

  /** The last complaints since {@link #forget}, or those words. */
  synchronized String reason(String otherwise) {
    return complaints.isEmpty() ? otherwise : String.join("; ", complaints);
  }
}
