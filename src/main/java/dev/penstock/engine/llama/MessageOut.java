package dev.penstock.engine.llama;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Writes the parts of a message between node and child, which {@link MessageIn} reads. */
final class MessageOut {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  interface Part<T> {
    void write(MessageOut out, T value);
  }

  private interface Step {
    void write(DataOutputStream out) throws IOException;
  }

  private MessageOut put(Step step) {
    try {
      step.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // there is none, in memory
    }
    return this;
  }

  byte[] message() {
    return bytes.toByteArray();
  }

  MessageOut flag(boolean value) {
    return put(to -> to.writeBoolean(value));
  }

  MessageOut number(int value) {
    return put(to -> to.writeInt(value));
  }

  MessageOut longNumber(long value) {
    return put(to -> to.writeLong(value));
  }

  MessageOut real(float value) {
    return put(to -> to.writeFloat(value));
  }

  MessageOut text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return put(to -> {
      to.writeInt(utf8.length);
      to.write(utf8);
    });
  }

  MessageOut maybe(@Nullable String value) {
    flag(value != null);
    return value == null ? this : text(value);
  }

  <T> MessageOut all(Collection<T> values, Part<T> part) {
    number(values.size());
    values.forEach(value -> part.write(this, value));
    return this;
  }

  MessageOut numbers(Collection<Integer> values) {
    return all(values, (to, value) -> to.number(value));
  }
}
