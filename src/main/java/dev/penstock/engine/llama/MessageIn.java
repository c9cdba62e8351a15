package dev.penstock.engine.llama;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what {@link MessageOut} wrote. A message that was cut is an error and takes no memory. */
final class MessageIn {
  private final ByteArrayInputStream bytes;
  private final DataInputStream in;

  interface Part<T> {
    T read(MessageIn in) throws IOException;
  }

  MessageIn(byte[] message) {
    bytes = new ByteArrayInputStream(message);
    in = new DataInputStream(bytes);
  }

  boolean flag() throws IOException {
    return in.readBoolean();
  }

  int number() throws IOException {
    return in.readInt();
  }

  long longNumber() throws IOException {
    return in.readLong();
  }

  float real() throws IOException {
    return in.readFloat();
  }

  /** How many parts follow, each of at least one byte. */
  private int count() throws IOException {
    int count = in.readInt();
    if (count < 0 || count > bytes.available()) {
      throw new IOException("a message that was cut");
    }
    return count;
  }

  String text() throws IOException {
    return new String(in.readNBytes(count()), StandardCharsets.UTF_8);
  }

  @Nullable String maybe() throws IOException {
    return flag() ? text() : null;
  }

  <T> List<T> all(Part<T> part) throws IOException {
    int count = count();
    List<T> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(part.read(this));
    }
    return all;
  }

  List<Integer> numbers() throws IOException {
    return all(MessageIn::number);
  }
}
