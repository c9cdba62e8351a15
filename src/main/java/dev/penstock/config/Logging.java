package dev.penstock.config;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** The program's log, as far as settings reach into it; logback.xml says the rest. */
public final class Logging {
  private static final String OURS = "dev.penstock";

  /** Libraries that tell at INFO what interests only their authors. */
  private static final List<String> QUIET =
      List.of("io.netty", "io.vertx", "ai.djl", "com.hazelcast");

  private Logging() {}

  /** Takes effect at once. Called before other threads log. */
  public static void apply(Settings.Log settings) {
    // Anything but Logback behind SLF4J (a test's own binding) keeps its own ways.
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      setLevel(context, settings.level());
      switch (settings.format()) {
        case TEXT -> {}
        case JSON -> writeJson(context);
      }
    }
  }

  /** For a command whose results go to standard output. Called before other threads log. */
  public static void toStandardError() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      forEachStream(
          context,
          stream -> {
            if (stream instanceof ConsoleAppender<ILoggingEvent> console) {
              console.stop();
              console.setTarget("System.err");
              console.start();
            }
          });
    }
  }

  /** For a process whose log nobody reads. Called before other threads log. */
  public static void off() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.getLoggerList().stream()
          .filter(logger -> logger.getLevel() != null)
          .forEach(logger -> logger.setLevel(Level.OFF));
    }
  }

  /**
   * DEBUG and TRACE are for our own classes: at these levels libraries log what they work on, and
   * that is our users' input.
   */
  static void setLevel(LoggerContext context, Settings.Log.Level level) {
    Level chosen = Level.toLevel(level.name());
    context.getLogger(OURS).setLevel(chosen);
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(atLeast(Level.INFO, chosen));
    QUIET.forEach(name -> context.getLogger(name).setLevel(atLeast(Level.WARN, chosen)));
  }

  private static Level atLeast(Level least, Level chosen) {
    return chosen.isGreaterOrEqual(least) ? chosen : least;
  }

  static void writeJson(LoggerContext context) {
    var json = new LogJson();
    json.setContext(context);
    json.start();
    forEachStream(context, stream -> stream.setEncoder(json));
  }

  private static void forEachStream(
      LoggerContext context, Consumer<OutputStreamAppender<ILoggingEvent>> action) {
    context
        .getLogger(Logger.ROOT_LOGGER_NAME)
        .iteratorForAppenders()
        .forEachRemaining(appender -> {
          if (appender instanceof OutputStreamAppender<ILoggingEvent> stream) {
            action.accept(stream);
          }
        });
  }
}
