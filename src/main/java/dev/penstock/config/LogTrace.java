package dev.penstock.config;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.penstock.base.Visible;
import java.util.stream.Collectors;

/**
 * A stack trace with every line indented. An exception's message may hold foreign text with line
 * breaks; indented, it cannot pass for a log record of its own. Public because Logback makes it.
 */
public final class LogTrace extends ThrowableProxyConverter {

  @Override
  public String convert(ILoggingEvent event) {
    return super.convert(event)
        .lines()
        .map(line -> "    " + Visible.text(line.replace("\t", "  ")) + System.lineSeparator())
        .collect(Collectors.joining());
  }
}
