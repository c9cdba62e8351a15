package dev.penstock.apart;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what {@link MessageWriter} wrote. */
final class MessageReader {
  private final ByteArrayInputStream bytes;
  private final DataInputStream in;

  MessageReader(byte[] message) {
    bytes = new ByteArrayInputStream(message);
    in = new DataInputStream(bytes);
  }

  /** Reads one value. */
  interface Part<T> {
    T read(MessageReader in) throws IOException;
  }

  boolean flag() throws IOException {
    return in.readBoolean();
  }

  long number() throws IOException {
    return in.readLong();
  }

  int small() throws IOException {
    return Math.toIntExact(number());
  }

  /** How many values follow, of which each takes a byte at least. */
  private int count() throws IOException {
    long count = number();
    if (count < 0 || count > bytes.available()) {
      throw new IOException("a message that was cut");
    }
    return (int) count;
  }

  byte[] bytes() throws IOException {
    int length = in.readInt();
    if (length < 0 || length > bytes.available()) {
      throw new IOException("a message that was cut");
    }
    return in.readNBytes(length);
  }

  String text() throws IOException {
    int length = in.readInt();
    if (length < 0 || length > bytes.available() / Character.BYTES) {
      throw new IOException("a message that was cut");
    }
    char[] text = new char[length];
    for (int i = 0; i < length; i++) {
      text[i] = in.readChar();
    }
    return new String(text);
  }

  Duration duration() throws IOException {
    return Duration.ofSeconds(number(), number());
  }

  Instant time() throws IOException {
    return Instant.ofEpochSecond(number(), number());
  }

  <T> @Nullable T maybe(Part<T> part) throws IOException {
    return flag() ? part.read(this) : null;
  }

  <T> List<T> all(Part<T> part) throws IOException {
    int count = count();
    List<T> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(part.read(this));
    }
    return all;
  }

  Map<String, String> texts() throws IOException {
    int count = count();
    Map<String, String> pairs = new HashMap<>();
    for (int i = 0; i < count; i++) {
      pairs.put(text(), text());
    }
    return pairs;
  }
}
