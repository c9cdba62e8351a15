package dev.penstock.admin;

import java.io.IOException;
import java.io.Writer;

/** Keeps what is written first, and stops who goes on: a page shows no more. */
final class Beginning extends Writer {
  private final StringBuilder text = new StringBuilder();
  private final int most;

  /** There is as much as a page shows. */
  static final class Enough extends IOException {
    private static final long serialVersionUID = 1;
  }

  Beginning(int most) {
    this.most = most;
  }

  @Override
  public void write(char[] chars, int from, int length) throws IOException {
    text.append(chars, from, Math.min(length, most - text.length()));
    if (text.length() >= most) {
      throw new Enough();
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}

  @Override
  public String toString() {
    return text.toString();
  }
}
