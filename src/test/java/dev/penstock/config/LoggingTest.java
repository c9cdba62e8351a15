package dev.penstock.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import java.net.URL;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

final class LoggingTest {

  @AfterEach
  void restore() {
    Logging.setLevel(Settings.Log.Level.INFO);
  }

  @ParameterizedTest
  @CsvSource({
    "TRACE, TRACE, WARN",
    "DEBUG, DEBUG, WARN",
    "INFO, INFO, WARN",
    "WARN, WARN, WARN",
    "ERROR, ERROR, ERROR",
  })
  void loudLibrariesStayAtWarnOrAbove(Settings.Log.Level chosen, String ours, String theirs) {
    Logging.setLevel(chosen);

    assertThat(level("dev.penstock.Main")).isEqualTo(Level.toLevel(ours));
    assertThat(level("io.netty.channel.Channel")).isEqualTo(Level.toLevel(theirs));
    assertThat(level("io.vertx.core.Vertx")).isEqualTo(Level.toLevel(theirs));
    assertThat(level("ai.djl.engine.Engine")).isEqualTo(Level.toLevel(theirs));
  }

  @Test
  void aRecordIsOneLineWithTimeLevelShortNameAndMessage() throws JoranException {
    assertThat(written("hello", null))
        .matches(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)"
                + " INFO  Main - hello\\R");
  }

  @Test
  void aMessageCannotForgeARecordOrMoveTheCursor() throws JoranException {
    String line = written("a\r\nINFO fake\u001b[2J\u0000\u2028\u202eb\tc", null);

    assertThat(line.lines()).hasSize(1);
    assertThat(line).contains("a\\r\\nINFO fake\\u001b[2J\\u0000\\u2028\\u202eb\\tc");
  }

  @Test
  void aStackTraceIsIndentedToItsLastLine() throws JoranException {
    Throwable error = new IllegalStateException("x\n2026-01-01T00:00:00.000Z INFO fake\u001b[2J");

    String text = written("failed", error);

    assertThat(text.lines().skip(1))
        .hasSizeGreaterThan(2)
        .allMatch(line -> line.startsWith("    "));
    assertThat(text).contains("IllegalStateException").doesNotContain("\u001b");
  }

  private static Level level(String name) {
    return ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(name).getEffectiveLevel();
  }

  /** What the program's own logback.xml makes of a record. */
  private static String written(String message, @Nullable Throwable error) throws JoranException {
    LoggerContext context = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    URL file = Objects.requireNonNull(LoggingTest.class.getResource("/logback.xml"));
    configurator.doConfigure(file);
    ConsoleAppender<ILoggingEvent> appender =
        (ConsoleAppender<ILoggingEvent>)
            context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("stdout");
    Logger logger = context.getLogger("dev.penstock.Main");
    LoggingEvent event =
        new LoggingEvent(LoggingTest.class.getName(), logger, Level.INFO, message, error, null);
    return new String(appender.getEncoder().encode(event), UTF_8);
  }
}
