package dev.penstock.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What is typed into a chat, line by line. */
interface ChatLines extends AutoCloseable {

  /** What was read. */
  sealed interface Read {
    record Line(String text) implements Read {}

    /** Ctrl-C: the line is dropped. */
    record Dropped() implements Read {}

    record End() implements Read {}
  }

  /**
   * The next line.
   *
   * @param prompt shown before it, to people
   */
  Read next(String prompt) throws Failure;

  /**
   * Says what Ctrl-C does while no line is read.
   *
   * @param stop null: it ends the program
   */
  void atInterrupt(@Nullable Runnable stop);

  @Override
  void close();

  /** Those of a terminal, or of what else the program reads. */
  static ChatLines of(Io io) {
    if (io.inTerminal() && io.outTerminal()) {
      try {
        return new TerminalLines();
      } catch (IOException e) {
        io.complain("lines cannot be edited on this terminal");
      }
    }
    return new Plain(new LineReader(io.in(), "standard input"));
  }

  /** Lines as they are. */
  record Plain(LineReader lines) implements ChatLines {
    @Override
    public Read next(String prompt) throws Failure {
      String line = lines.next();
      return line == null ? new Read.End() : new Read.Line(line);
    }

    @Override
    public void atInterrupt(@Nullable Runnable stop) {
      // The process ends, and the server sees it go.
    }

    @Override
    public void close() {
      // Standard input is not ours to close.
    }
  }
}
