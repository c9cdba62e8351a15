package dev.penstock.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command reads and writes.
 *
 * @param out for results
 * @param err for people: progress and trouble
 * @param outTerminal a person reads {@code out} as it comes
 * @param errTerminal a person reads {@code err} as it comes
 */
public record Io(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean outTerminal,
    boolean errTerminal,
    Map<String, String> environment) {

  public Io {
    environment = Map.copyOf(environment);
  }

  /** This process. Results are UTF-8 wherever it runs: JSON knows no other. */
  public static Io ofProcess() {
    return new Io(
        System.in,
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8),
        System.err,
        terminal(1),
        terminal(2),
        System.getenv());
  }

  /** Java tells only of all streams together; Linux tells of each. */
  @SuppressWarnings(
      "SystemConsoleNull") // since Java 25 it is null again where there is no terminal
  private static boolean terminal(int descriptor) {
    Path link = Path.of("/proc/self/fd", Integer.toString(descriptor));
    try {
      return Files.readSymbolicLink(link).toString().matches("/dev/(pts/|tty|console).*");
    } catch (IOException | UnsupportedOperationException e) {
      Console console = System.console();
      return console != null && console.isTerminal();
    }
  }

  /** Whether a person types what this process reads. */
  @SuppressWarnings("ReferenceEquality") // that very stream has the descriptor 0
  boolean inTerminal() {
    return in == System.in && terminal(0);
  }

  /** What the environment has by that name; null: nothing, or blanks. */
  @Nullable String variable(String name) {
    String value = environment.get(name);
    return value == null || value.isBlank() ? null : value.strip();
  }

  /**
   * Prints a result.
   *
   * @throws Failure when nobody reads the output any more, as after {@code | head}
   */
  void line(String text) throws Failure {
    out.println(text);
    flush();
  }

  void flush() throws Failure {
    if (out.checkError()) {
      throw new Failure(ExitCode.INTERRUPTED, "");
    }
  }

  public void complain(String text) {
    err.println("penstock: " + text);
  }
}
