package dev.penstock.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a GGUF file of a few values and tensors of zeros. What it counts need not be true. */
public final class TinyGguf {
  private static final int NUMBER = 4;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int ALIGNMENT = 32;

  private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
  private final ByteArrayOutputStream tensors = new ByteArrayOutputStream();
  private int version = 3;
  private long pairCount;
  private long tensorCount;
  private int weights;

  public TinyGguf version(int other) {
    version = other;
    return this;
  }

  public TinyGguf text(String key, String value) {
    string(pairs, key);
    number(pairs, STRING);
    string(pairs, value);
    pairCount++;
    return this;
  }

  public TinyGguf number(String key, int value) {
    string(pairs, key);
    number(pairs, NUMBER);
    number(pairs, value);
    pairCount++;
    return this;
  }

  /** A list that says that it has so many texts, and has none. */
  public TinyGguf list(String key, long claimed) {
    string(pairs, key);
    number(pairs, ARRAY);
    number(pairs, STRING);
    longNumber(pairs, claimed);
    pairCount++;
    return this;
  }

  /** A text that says that it has so many bytes, and has none. */
  public TinyGguf hollow(String key, long claimed) {
    string(pairs, key);
    number(pairs, STRING);
    longNumber(pairs, claimed);
    pairCount++;
    return this;
  }

  public TinyGguf claims(long values, long tensorsClaimed) {
    pairCount = values;
    tensorCount = tensorsClaimed;
    return this;
  }

  /** Numbers of 32 bits. */
  public TinyGguf tensor(String name, long length) {
    string(tensors, name);
    number(tensors, 1);
    longNumber(tensors, length);
    number(tensors, 0);
    longNumber(tensors, weights);
    tensorCount++;
    weights += (int) Math.min(length * Float.BYTES, 1 << 20);
    return this;
  }

  public byte[] bytes() {
    var all = new ByteArrayOutputStream();
    all.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    number(all, version);
    longNumber(all, tensorCount);
    longNumber(all, pairCount);
    all.writeBytes(pairs.toByteArray());
    all.writeBytes(tensors.toByteArray());
    all.writeBytes(new byte[Math.floorMod(-all.size(), ALIGNMENT)]);
    all.writeBytes(new byte[weights]);
    return all.toByteArray();
  }

  public Path write(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes());
  }

  /** One that llama.cpp would not open, but whose header is right. */
  public static TinyGguf model() {
    return new TinyGguf()
        .text("general.architecture", "llama")
        .number("llama.context_length", 2_048)
        .number("llama.block_count", 3)
        .number("llama.embedding_length", 64)
        .number("llama.attention.head_count", 8)
        .number("llama.attention.head_count_kv", 2)
        .tensor("output.weight", 16);
  }

  private static void string(ByteArrayOutputStream to, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    longNumber(to, utf8.length);
    to.writeBytes(utf8);
  }

  private static void number(ByteArrayOutputStream to, int value) {
    to.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void longNumber(ByteArrayOutputStream to, long value) {
    to.writeBytes(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
