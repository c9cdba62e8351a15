package dev.penstock.config;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.CompositeConverter;
import java.util.stream.Collectors;

/**
 * Indents every line of a stack trace: {@code %indented(%ex)}. An exception's message may hold
 * foreign text with line breaks; indented, it cannot pass for a log record of its own. Public
 * because Logback makes it.
 */
public final class IndentedConverter extends CompositeConverter<ILoggingEvent> {

  @Override
  protected String transform(ILoggingEvent event, String in) {
    return in.lines()
        .map(line -> "    " + Visible.text(line.replace("\t", "  ")) + System.lineSeparator())
        .collect(Collectors.joining());
  }
}
