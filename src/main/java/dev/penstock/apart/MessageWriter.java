package dev.penstock.apart;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the parts of a message. */
final class MessageWriter {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  /** Writes one value. */
  interface Part<T> {
    void write(MessageWriter out, T value);
  }

  private interface Step {
    void write(DataOutputStream out) throws IOException;
  }

  private void write(Step step) {
    try {
      step.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // there is none, in memory
    }
  }

  byte[] message() {
    return bytes.toByteArray();
  }

  void flag(boolean value) {
    write(to -> to.writeBoolean(value));
  }

  void number(long value) {
    write(to -> to.writeLong(value));
  }

  void bytes(byte[] value) {
    write(to -> {
      to.writeInt(value.length);
      to.write(value);
    });
  }

  void text(String value) {
    // No charset: each makes half a surrogate pair something else.
    write(to -> {
      to.writeInt(value.length());
      to.writeChars(value);
    });
  }

  void duration(Duration value) {
    number(value.getSeconds());
    number(value.getNano());
  }

  void time(Instant value) {
    number(value.getEpochSecond());
    number(value.getNano());
  }

  <T> void maybe(@Nullable T value, Part<T> part) {
    flag(value != null);
    if (value != null) {
      part.write(this, value);
    }
  }

  <T> void all(Collection<T> values, Part<T> part) {
    number(values.size());
    values.forEach(value -> part.write(this, value));
  }

  void texts(Map<String, String> pairs) {
    number(pairs.size());
    pairs.forEach((key, value) -> {
      text(key);
      text(value);
    });
  }
}
