package dev.penstock.config;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.CompositeConverter;

/**
 * Keeps a log message on one line, whatever it quotes: {@code %visible(%msg)}. Public because
 * Logback makes it.
 */
public final class VisibleConverter extends CompositeConverter<ILoggingEvent> {

  @Override
  protected String transform(ILoggingEvent event, String in) {
    return Visible.text(in);
  }
}
