package dev.penstock.cli;

import java.time.Duration;

/** A line on a terminal that is written over and over: how far a command has come. */
public final class StatusLine {
  private static final Duration EVERY = Duration.ofMillis(100);
  private static final String CLEAR = "\r\u001b[K";

  private final Io io;
  private long due = System.nanoTime();
  private boolean shown;

  public StatusLine(Io io) {
    this.io = io;
  }

  /** Shows the text, where a person watches and the last one has stood long enough to be read. */
  public void show(String text) {
    if (io.errTerminal() && System.nanoTime() - due >= 0) {
      io.err().print(CLEAR + text);
      io.err().flush();
      shown = true;
      due = System.nanoTime() + EVERY.toNanos();
    }
  }

  /** Takes the line away. */
  public void end() {
    if (shown) {
      io.err().print(CLEAR);
      io.err().flush();
      shown = false;
    }
  }
}
