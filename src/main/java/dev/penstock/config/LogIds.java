package dev.penstock.config;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.penstock.base.Visible;
import java.util.List;

/**
 * Whose work a log message is about: {@code [task …]} or {@code [request …]}, with a space before
 * it; nothing where the message says so itself. Public because Logback makes it.
 */
public final class LogIds extends ClassicConverter {
  /** The names under which the threads that do somebody's work keep its id. */
  static final List<String> NAMES = List.of("task", "request", "owner");

  @Override
  public String convert(ILoggingEvent event) {
    String message = event.getFormattedMessage();
    var ids = new StringBuilder();
    for (String name : NAMES) {
      String id = event.getMDCPropertyMap().get(name);
      if (id != null && (message == null || !message.contains(id))) {
        ids.append(" [").append(name).append(' ').append(Visible.text(id)).append(']');
      }
    }
    return ids.toString();
  }
}
