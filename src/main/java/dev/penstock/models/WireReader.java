package dev.penstock.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads a file in protobuf's wire format field by field. What is skipped is not read: weights may
 * be gigabytes.
 */
final class WireReader implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 14;
  private static final int MOST_TEXT = 1 << 16;
  private static final int MOST_SHIFT = 63;
  private static final int MOST_AXES = 1_000;

  /** Of all texts together, each with what it takes in memory beside its letters. */
  private static final int MOST_TEXTS = 16 << 20;

  private static final int BESIDE_TEXT = 32;

  /** Far more than models have: theirs is one for each operation, input and part of the weights. */
  private static final int MOST_FIELDS = 20_000_000;

  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;

  private final FileChannel channel;
  private final long size;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);

  /** Where in the file the buffer ends. */
  private long read;

  private int field;
  private int type;
  private int fields;
  private long texts;

  private WireReader(FileChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
  }

  static WireReader open(Path file) throws IOException {
    return new WireReader(FileChannel.open(file, StandardOpenOption.READ));
  }

  /** The file is not what it says it is. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    /** It would be well so far, but ends too early. */
    final boolean cutShort;

    Malformed(boolean cutShort) {
      this(cutShort, cutShort ? "is cut short" : "is no ONNX model");
    }

    /**
     * @param words what is wrong, behind the file's name
     */
    Malformed(String words) {
      this(false, words);
    }

    private Malformed(boolean cutShort, String words) {
      super(words);
      this.cutShort = cutShort;
    }
  }

  long size() {
    return size;
  }

  /** Goes to the next field before that place; false: there is none. */
  boolean next(long end) throws IOException, Malformed {
    if (position() >= end) {
      return false;
    }
    long tag = raw();
    field = (int) (tag >>> 3);
    type = (int) (tag & 7);
    // Of a longer one ONNX Runtime's reader drops the upper bits, and sees another field.
    if (field == 0 || tag >>> Integer.SIZE != 0) {
      throw new Malformed(false);
    }
    fields++;
    if (fields > MOST_FIELDS) {
      throw new Malformed("has more parts than a model has");
    }
    return true;
  }

  /** The number of the field that it has come to. */
  int field() {
    return field;
  }

  /** Whether the field is a text, a message or bytes. */
  boolean isBytes() {
    return type == BYTES;
  }

  long number() throws IOException, Malformed {
    expect(VARINT);
    return raw();
  }

  /** Where the message ends that the field is; its own fields come next. */
  long message() throws IOException, Malformed {
    expect(BYTES);
    return end(raw());
  }

  String text() throws IOException, Malformed {
    expect(BYTES);
    long length = raw();
    end(length);
    if (length > MOST_TEXT) {
      throw new Malformed(false);
    }
    texts += length + BESIDE_TEXT;
    if (texts > MOST_TEXTS) {
      throw new Malformed("has more names than a model has");
    }
    byte[] bytes = new byte[(int) length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = octet();
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The product of whole numbers that lie one behind the other up to that place. */
  double product(long end) throws IOException, Malformed {
    double product = 1;
    for (int numbers = 0; position() < end; numbers++) {
      if (numbers == MOST_AXES) {
        throw new Malformed(false);
      }
      product *= raw();
    }
    return product;
  }

  /** Leaves the field unread. */
  void skip() throws IOException, Malformed {
    switch (type) {
      case VARINT -> raw();
      case FIXED_64 -> go(end(Long.BYTES));
      case BYTES -> go(end(raw()));
      case FIXED_32 -> go(end(Integer.BYTES));
      default -> throw new Malformed(false);
    }
  }

  private void expect(int wanted) throws Malformed {
    if (type != wanted) {
      throw new Malformed(false);
    }
  }

  private long position() {
    return read - buffer.remaining();
  }

  private long end(long length) throws Malformed {
    if (length < 0) {
      throw new Malformed(false);
    }
    if (length > size - position()) {
      throw new Malformed(true);
    }
    return position() + length;
  }

  private void go(long place) throws IOException {
    long ahead = place - position();
    if (ahead <= buffer.remaining()) {
      buffer.position(buffer.position() + (int) ahead);
    } else {
      buffer.limit(0);
      channel.position(place);
      read = place;
    }
  }

  private long raw() throws IOException, Malformed {
    long value = 0;
    for (int shift = 0; shift <= MOST_SHIFT; shift += 7) {
      byte next = octet();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new Malformed(false);
  }

  private byte octet() throws IOException, Malformed {
    if (!buffer.hasRemaining()) {
      buffer.clear();
      int count = channel.read(buffer);
      buffer.flip();
      if (count <= 0) {
        throw new Malformed(true);
      }
      read += count;
    }
    return buffer.get();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
