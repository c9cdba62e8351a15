package dev.penstock.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines of UTF-8 from strangers: none longer than a limit, none with holes in it. Each is decoded
 * by itself, so that one that is no text does not take those before it along.
 */
final class LineReader {
  /** The largest request a server takes unless it is told otherwise. */
  static final int MAX_LINE = 4 << 20;

  private final InputStream in;
  private final String name;
  private long number;

  /**
   * @param name what the lines come from, for messages
   */
  LineReader(InputStream in, String name) {
    this.in = new BufferedInputStream(in);
    this.name = name;
  }

  /** The next line without its end; null after the last one. */
  @Nullable String next() throws Failure {
    number++;
    var line = new ByteArrayOutputStream();
    try {
      int b;
      while ((b = in.read()) >= 0 && b != '\n') {
        if (line.size() == MAX_LINE) {
          throw Failure.refused(at() + " is longer than 4 MiB");
        }
        line.write(b);
      }
      if (b < 0 && line.size() == 0) {
        return null;
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    String text = decoded(line.toByteArray(), at());
    String whole = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    return number == 1 ? withoutMark(whole) : whole;
  }

  /** All that is left, as one text. */
  String rest() throws Failure {
    byte[] bytes;
    try {
      bytes = in.readNBytes(MAX_LINE + 1);
    } catch (IOException e) {
      throw unreadable(e);
    }
    if (bytes.length > MAX_LINE) {
      throw Failure.refused(name + " is longer than 4 MiB");
    }
    return withoutMark(decoded(bytes, name));
  }

  /** Whether more is there without waiting for it; false at the end. */
  boolean ready() throws Failure {
    try {
      return in.available() > 0;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** The place of the line read last, for messages. */
  String at() {
    return name + ", line " + number;
  }

  private Failure unreadable(IOException e) {
    return Failure.refused(name + " cannot be read: " + e.getMessage());
  }

  private static String decoded(byte[] bytes, String where) throws Failure {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw Failure.refused(where + " is not valid UTF-8");
    }
  }

  /** Some editors put a byte order mark first. */
  private static String withoutMark(String text) {
    return text.startsWith("\ufeff") ? text.substring(1) : text;
  }
}
