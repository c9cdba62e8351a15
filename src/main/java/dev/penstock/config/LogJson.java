package dev.penstock.config;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.stream.Collectors;

/**
 * A log record as one line of JSON: time, level, logger, thread, message, and where there is one
 * task, request and error. Control characters are written as in text, for whoever shows the decoded
 * message on a terminal.
 */
final class LogJson extends EncoderBase<ILoggingEvent> {
  private static final int MAX_MESSAGE = 8 * 1024;
  private static final int MAX_ERROR = 16 * 1024;
  private static final byte[] NOTHING = {};
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final JsonFactory json = new JsonFactory();
  private final ThrowableProxyConverter traces = new ThrowableProxyConverter();

  @Override
  public void start() {
    traces.start();
    super.start();
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    // Characters, not bytes: half a surrogate pair in a message would make the generator throw.
    var line = new StringWriter();
    try (JsonGenerator record = json.createGenerator(line)) {
      record.writeStartObject();
      record.writeStringField("time", TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
      record.writeStringField("level", event.getLevel().toString());
      record.writeStringField("logger", event.getLoggerName());
      record.writeStringField("thread", Visible.text(event.getThreadName()));
      String message = event.getFormattedMessage();
      record.writeStringField(
          "message", message == null ? "" : Visible.text(cut(message, MAX_MESSAGE)));
      for (String name : LogIds.NAMES) {
        String id = event.getMDCPropertyMap().get(name);
        if (id != null) {
          record.writeStringField(name, Visible.text(id));
        }
      }
      if (event.getThrowableProxy() != null) {
        record.writeStringField("error", trace(event));
      }
      record.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter throws none
    }
    return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private String trace(ILoggingEvent event) {
    return cut(traces.convert(event), MAX_ERROR)
        .lines()
        .map(line -> Visible.text(line.replace("\t", "  ")))
        .collect(Collectors.joining("\n"));
  }

  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "…";
  }
}
