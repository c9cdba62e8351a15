package dev.penstock.fuzz;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What Jazzer calls, by these names, with each input that it makes up. */
public final class FuzzEntry {
  private static @Nullable Target target;

  private FuzzEntry() {}

  /**
   * Before the first input.
   *
   * @param arguments the word of a {@link Kind}
   */
  public static void fuzzerInitialize(String[] arguments) throws Exception {
    // A line for each refusal would be most of the work.
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.ERROR);
    target = Kind.of(arguments[0]).open();
  }

  /** What it throws is a finding. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    Target opened = target;
    if (opened == null) {
      throw new IllegalStateException("not begun");
    }
    opened.read(input);
  }

  /** After the last. */
  public static void fuzzerTearDown() throws Exception {
    Target opened = target;
    if (opened != null) {
      opened.close();
    }
  }
}
