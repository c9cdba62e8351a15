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
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import java.net.URL;
import java.util.Map;
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
    Logging.setLevel(program(), Settings.Log.Level.INFO);
  }

  @ParameterizedTest
  @CsvSource({
    "TRACE, TRACE, INFO, WARN",
    "DEBUG, DEBUG, INFO, WARN",
    "INFO, INFO, INFO, WARN",
    "WARN, WARN, WARN, WARN",
    "ERROR, ERROR, ERROR, ERROR",
  })
  void librariesStayAtInfoAndLoudOnesAtWarnOrAbove(
      Settings.Log.Level chosen, String ours, String theirs, String loud) {
    Logging.setLevel(program(), chosen);

    assertThat(level("dev.penstock.Main")).isEqualTo(Level.toLevel(ours));
    assertThat(level("com.fasterxml.jackson.Any")).isEqualTo(Level.toLevel(theirs));
    assertThat(level("io.netty.channel.Channel")).isEqualTo(Level.toLevel(loud));
    assertThat(level("io.vertx.core.Vertx")).isEqualTo(Level.toLevel(loud));
    assertThat(level("ai.djl.engine.Engine")).isEqualTo(Level.toLevel(loud));
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

  @Test
  void aRecordNamesItsTaskOrRequestWhereItsMessageDoesNot() throws JoranException {
    assertThat(written("hello", null, Map.of("task", "t1")))
        .contains(" INFO  Main [task t1] - hello");
    assertThat(written("hello", null, Map.of("request", "r1\n", "other", "x")))
        .contains(" INFO  Main [request r1\\n] - hello");
    assertThat(written("task t1: hello", null, Map.of("task", "t1")))
        .contains(" INFO  Main - task t1: hello");
  }

  @Test
  void asJsonARecordIsAnObjectALine() throws Exception {
    String line = json("hello \"you\"", null, Map.of("task", "t1", "request", "r1", "other", "x"));

    assertThat(line).endsWith("}\n").containsOnlyOnce("\n");
    JsonNode record = Api.JSON.readTree(line);
    assertThat(record.properties().stream().map(Map.Entry::getKey))
        .containsExactly("time", "level", "logger", "thread", "message", "task", "request");
    assertThat(record.get("time").textValue())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(record.get("level").textValue()).isEqualTo("INFO");
    assertThat(record.get("logger").textValue()).isEqualTo("dev.penstock.Main");
    assertThat(record.get("message").textValue()).isEqualTo("hello \"you\"");
    assertThat(record.get("task").textValue()).isEqualTo("t1");
    assertThat(record.get("request").textValue()).isEqualTo("r1");
  }

  @Test
  void asJsonAMessageHasNoControlCharactersEvenDecoded() throws Exception {
    String line = json("a\r\nb\u001b[2J\u2028\u202e \ud83d", null, Map.of());

    assertThat(Api.JSON.readTree(line).get("message").textValue())
        .startsWith("a\\r\\nb\\u001b[2J\\u2028\\u202e ");
  }

  @Test
  void asJsonMessageAndTraceAreBounded() throws Exception {
    Throwable error = new IllegalStateException("y\u001b".repeat(50_000));

    JsonNode record = Api.JSON.readTree(json("x".repeat(50_000), error, Map.of()));

    assertThat(record.get("message").textValue()).hasSize(8 * 1024 + 1).endsWith("…");
    assertThat(record.get("error").textValue())
        .startsWith("java.lang.IllegalStateException: y\\u001b")
        .hasSizeLessThan(100_000);
  }

  @Test
  void asJsonATraceKeepsItsLines() throws Exception {
    JsonNode record = Api.JSON.readTree(json("failed", new IllegalStateException("no"), Map.of()));

    assertThat(record.get("error").textValue().lines())
        .hasSizeGreaterThan(2)
        .first()
        .isEqualTo("java.lang.IllegalStateException: no");
  }

  private static LoggerContext program() {
    return (LoggerContext) LoggerFactory.getILoggerFactory();
  }

  private static Level level(String name) {
    return program().getLogger(name).getEffectiveLevel();
  }

  private static String written(String message, @Nullable Throwable error) throws JoranException {
    return written(message, error, Map.of());
  }

  /** What the program's own logback.xml makes of a record. */
  private static String written(
      String message, @Nullable Throwable error, Map<String, String> context)
      throws JoranException {
    return encoded(configured(), message, error, context);
  }

  /** The same, once the settings have asked for JSON. */
  private static String json(String message, @Nullable Throwable error, Map<String, String> context)
      throws JoranException {
    LoggerContext configured = configured();
    Logging.writeJson(configured);
    return encoded(configured, message, error, context);
  }

  private static LoggerContext configured() throws JoranException {
    LoggerContext context = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    URL file = Objects.requireNonNull(LoggingTest.class.getResource("/logback.xml"));
    configurator.doConfigure(file);
    return context;
  }

  private static String encoded(
      LoggerContext context, String message, @Nullable Throwable error, Map<String, String> ids) {
    ConsoleAppender<ILoggingEvent> appender =
        (ConsoleAppender<ILoggingEvent>)
            context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("stdout");
    Logger logger = context.getLogger("dev.penstock.Main");
    LoggingEvent event =
        new LoggingEvent(LoggingTest.class.getName(), logger, Level.INFO, message, error, null);
    event.setMDCPropertyMap(ids);
    return new String(appender.getEncoder().encode(event), UTF_8);
  }
}
