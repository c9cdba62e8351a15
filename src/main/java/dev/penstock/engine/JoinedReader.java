package dev.penstock.engine;

import java.io.IOException;
import java.io.Reader;

/** Two readers as one. */
final class JoinedReader extends Reader {
  private final Reader first;
  private final Reader second;
  private boolean firstEnded;

  JoinedReader(Reader first, Reader second) {
    this.first = first;
    this.second = second;
  }

  @Override
  public int read(char[] into, int from, int most) throws IOException {
    if (!firstEnded) {
      int count = first.read(into, from, most);
      if (count >= 0) {
        return count;
      }
      firstEnded = true;
    }
    return second.read(into, from, most);
  }

  @Override
  public void close() throws IOException {
    first.close();
    second.close();
  }
}
