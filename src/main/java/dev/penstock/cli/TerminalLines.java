package dev.penstock.cli;

import java.io.IOException;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Lines that are typed on a terminal. They can be edited, and those before come back with the arrow
 * keys; they are kept nowhere else.
 */
final class TerminalLines implements ChatLines {
  private final Terminal terminal;
  private final LineReader reader;

  TerminalLines() throws IOException {
    terminal = TerminalBuilder.builder().system(true).nativeSignals(true).build();
    reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .variable(LineReader.BELL_STYLE, "none")
            .build();
  }

  @Override
  public Read next(String prompt) {
    try {
      return new Read.Line(reader.readLine(prompt));
    } catch (UserInterruptException e) {
      return new Read.Dropped();
    } catch (EndOfFileException e) {
      return new Read.End();
    }
  }

  @Override
  public void atInterrupt(@Nullable Runnable stop) {
    var _ =
        terminal.handle(
            Terminal.Signal.INT, stop == null ? Terminal.SignalHandler.SIG_DFL : _ -> stop.run());
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      // It is as it was, or gone.
    }
  }
}
