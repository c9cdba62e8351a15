package dev.penstock.subprocess;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A message between parent and child: its length in four bytes, its kind in one, the call it
 * belongs to in eight, and the bytes.
 */
record Frame(Kind kind, long call, byte[] bytes) {
  private static final int HEAD = 1 + Long.BYTES;
  private static final byte[] NOTHING = {};

  enum Kind {
    /** From the parent: a request. */
    CALL(1),
    /** From the parent: nobody waits for that call any more. */
    CANCEL(2),
    /** The parent's own: closes the child's input, with which it ends. Never sent. */
    END(0),
    /** From the child, first and once: it takes requests. Its bytes name the version. */
    READY(3),
    /** From the child: the program's answer. */
    ANSWER(4),
    /** From the child: what the program threw. */
    ERROR(5);

    private final byte code;

    Kind(int code) {
      this.code = (byte) code;
    }

    private static Kind of(byte code) throws Garbled {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new Garbled();
    }
  }

  /** It is longer than it may be. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** What came is no frame. */
  static final class Garbled extends IOException {
    private static final long serialVersionUID = 1L;
  }

  static Frame of(Kind kind, long call) {
    return new Frame(kind, call, NOTHING);
  }

  /** Blocks until it is written. */
  void writeTo(OutputStream out) throws IOException {
    out.write(
        ByteBuffer.allocate(Integer.BYTES + HEAD)
            .putInt(HEAD + bytes.length)
            .put(kind.code)
            .putLong(call)
            .array());
    out.write(bytes);
    out.flush();
  }

  /**
   * Reads the next one, blocking. A length that lies takes no memory: it grows with what comes.
   *
   * @return null at the end
   * @throws TooLong when it has more than {@code most} bytes; they are not read
   */
  static @Nullable Frame readFrom(DataInputStream in, int most) throws IOException {
    int length;
    try {
      length = in.readInt();
    } catch (EOFException e) {
      return null;
    }
    if (length < HEAD) {
      throw new Garbled();
    }
    if (length - HEAD > most) {
      throw new TooLong();
    }
    Kind kind = Kind.of(in.readByte());
    long call = in.readLong();
    byte[] bytes = in.readNBytes(length - HEAD);
    if (bytes.length < length - HEAD) {
      throw new EOFException();
    }
    return new Frame(kind, call, bytes);
  }
}
