package dev.penstock.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A GGUF file's bytes, in their order, as far as a header may go. What is skipped is not read, and
 * what is not there takes no memory.
 */
final class GgufBytes implements AutoCloseable {
  private static final int ROOM = 1 << 16;

  /** The vocabulary is in it: the largest that are known take a tenth of that. */
  private static final long LONGEST_HEADER = 256L << 20;

  private final FileChannel file;
  private final String name;
  private final long size;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(ROOM).order(ByteOrder.LITTLE_ENDIAN).limit(0);

  /** Where in the file the buffer's end is. */
  private long read;

  private GgufBytes(FileChannel file, String name) throws IOException {
    this.file = file;
    this.name = name;
    size = file.size();
  }

  /**
   * A file's bytes.
   *
   * @param name what messages call it
   */
  static GgufBytes open(Path path, String name) throws IOException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new GgufBytes(file, name);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  long position() {
    return read - buffer.remaining();
  }

  long left() {
    return size - position();
  }

  int octet() throws BrokenModel, IOException {
    need(1);
    return Byte.toUnsignedInt(buffer.get());
  }

  int number() throws BrokenModel, IOException {
    need(Integer.BYTES);
    return buffer.getInt();
  }

  long longNumber() throws BrokenModel, IOException {
    need(Long.BYTES);
    return buffer.getLong();
  }

  /** How many follow, of what takes at least a byte each. */
  long count(long most, String what) throws BrokenModel, IOException {
    long count = longNumber();
    if (count < 0 || count > most) {
      throw damaged("it says that it has " + Long.toUnsignedString(count) + " " + what);
    }
    if (count > left()) {
      throw cut();
    }
    return count;
  }

  String text(int longest) throws BrokenModel, IOException {
    byte[] utf8 = new byte[(int) count(longest, "bytes of one word")];
    for (int at = 0; at < utf8.length; ) {
      need(1);
      int part = Math.min(buffer.remaining(), utf8.length - at);
      buffer.get(utf8, at, part);
      at += part;
    }
    return new String(utf8, StandardCharsets.UTF_8);
  }

  void skipText() throws BrokenModel, IOException {
    skip(count(Long.MAX_VALUE, "bytes of one text"));
  }

  void skip(long bytes) throws BrokenModel, IOException {
    if (bytes > left()) {
      throw cut();
    }
    if (bytes <= buffer.remaining()) {
      buffer.position(buffer.position() + (int) bytes);
      return;
    }
    read = position() + bytes;
    buffer.limit(0);
    requireHeader();
  }

  private void need(int bytes) throws BrokenModel, IOException {
    if (buffer.remaining() >= bytes) {
      return;
    }
    requireHeader();
    buffer.compact();
    while (buffer.position() < bytes) {
      int count = file.read(buffer, read);
      if (count < 0) {
        throw cut();
      }
      read += count;
    }
    buffer.flip();
  }

  private void requireHeader() throws BrokenModel {
    if (read > LONGEST_HEADER) {
      throw damaged("its header is longer than " + LONGEST_HEADER + " bytes");
    }
  }

  /**
   * Whether everything is there that the header tells of.
   *
   * @param start where the weights begin
   * @param length how far they reach from there
   */
  void requireWhole(long start, long length) throws BrokenModel {
    if (length > 0 && (start > size || length > size - start)) {
      throw new BrokenModel(
          "%s is cut short: it has %d bytes of %s"
              .formatted(name, size, Long.toUnsignedString(start + length)));
    }
  }

  private BrokenModel cut() {
    return new BrokenModel(name + " is cut short: it ends after " + size + " bytes");
  }

  BrokenModel damaged(String how) {
    return new BrokenModel(name + " is damaged: " + how);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
