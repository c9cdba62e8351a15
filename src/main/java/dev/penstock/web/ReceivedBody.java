package dev.penstock.web;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of a body as they come, put together once all have come: a buffer that grows would take
 * several times as much. Filled on the event loop.
 */
final class ReceivedBody {
  /** Parts may be of one byte each. */
  private static final int BLOCK = 16 * 1024;

  private final List<byte[]> full = new ArrayList<>(0);
  private byte[] last = {};
  private int filled;
  private int length;

  void add(Buffer part) {
    byte[] bytes = part.getBytes();
    if (length > 0) {
      add(bytes, bytes.length);
    } else {
      last = bytes; // most come in one
      filled = bytes.length;
      length = bytes.length;
    }
  }

  /** Adds the first so many bytes. */
  void add(byte[] part, int size) {
    int fits = Math.min(size, last.length - filled);
    System.arraycopy(part, 0, last, filled, fits);
    filled += fits;
    if (fits < size) {
      full.add(last);
      last = new byte[Math.max(BLOCK, size - fits)];
      filled = size - fits;
      System.arraycopy(part, fits, last, 0, filled);
    }
    length += size;
  }

  int length() {
    return length;
  }

  byte[] bytes() {
    if (full.isEmpty() && filled == last.length) {
      return last;
    }
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] block : full) {
      System.arraycopy(block, 0, all, at, block.length);
      at += block.length;
    }
    System.arraycopy(last, 0, all, at, filled);
    return all;
  }
}
