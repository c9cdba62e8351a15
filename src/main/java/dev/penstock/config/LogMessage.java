package dev.penstock.config;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.penstock.base.Visible;

/** A log message kept on one line, whatever it quotes. Public because Logback makes it. */
public final class LogMessage extends ClassicConverter {

  @Override
  public String convert(ILoggingEvent event) {
    String message = event.getFormattedMessage();
    return message == null ? "" : Visible.text(message);
  }
}
