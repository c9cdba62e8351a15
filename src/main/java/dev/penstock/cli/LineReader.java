package dev.penstock.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lines of UTF-8 from strangers: none longer than a limit, none with holes in it. */
final class LineReader {
  /** The largest request a server takes unless it is told otherwise. */
  static final int MAX_LINE = 4 << 20;

  private final BufferedReader reader;
  private final String name;
  private long number;

  /**
   * @param name what the lines come from, for messages
   */
  LineReader(InputStream in, String name) {
    this.name = name;
    this.reader =
        new BufferedReader(
            new InputStreamReader(
                in,
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)));
  }

  /** The next line without its end; null after the last one. */
  @Nullable String next() throws Failure {
    number++;
    var line = new StringBuilder();
    try {
      int c;
      while ((c = reader.read()) >= 0 && c != '\n') {
        if (line.length() == MAX_LINE) {
          throw Failure.refused(at() + " is longer than 4 MiB");
        }
        line.append((char) c);
      }
      if (c < 0 && line.isEmpty()) {
        return null;
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    int length = line.length();
    if (length > 0 && line.charAt(length - 1) == '\r') {
      line.setLength(length - 1);
    }
    return number == 1 ? withoutMark(line.toString()) : line.toString();
  }

  /** All that is left, as one text. */
  String rest() throws Failure {
    char[] buffer = new char[1 << 13];
    var text = new StringBuilder();
    try {
      for (int read = reader.read(buffer); read >= 0; read = reader.read(buffer)) {
        if (text.length() + read > MAX_LINE) {
          throw Failure.refused(name + " is longer than 4 MiB");
        }
        text.append(buffer, 0, read);
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return withoutMark(text.toString());
  }

  /** Whether more is there without waiting for it; false at the end. */
  boolean ready() throws Failure {
    try {
      return reader.ready();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** The place of the line read last, for messages. */
  String at() {
    return name + ", line " + number;
  }

  private Failure unreadable(IOException e) {
    return Failure.refused(
        e instanceof CharacterCodingException
            ? at() + " or soon after: not valid UTF-8"
            : name + " cannot be read: " + e.getMessage());
  }

  /** Some editors put a byte order mark first. */
  private static String withoutMark(String text) {
    return text.startsWith("\ufeff") ? text.substring(1) : text;
  }
}
