package dev.penstock.config;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The program's log, as far as settings reach into it; logback.xml says the rest. */
public final class Logging {
  /** Libraries that tell at INFO what interests only their authors. */
  private static final List<String> QUIET = List.of("io.netty", "io.vertx", "ai.djl");

  private Logging() {}

  /** Takes effect at once. Loud libraries stay at WARN or above. */
  public static void setLevel(Settings.Log.Level level) {
    // Anything but Logback behind SLF4J (a test's own binding) keeps its own level.
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      Level chosen = Level.toLevel(level.name());
      context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(chosen);
      Level quiet = chosen.isGreaterOrEqual(Level.WARN) ? chosen : Level.WARN;
      QUIET.forEach(name -> context.getLogger(name).setLevel(quiet));
    }
  }
}
