package dev.penstock.base;

import java.time.Duration;

/**
 * A share of the memory, counted. Who wants some of it and finds too little waits for a while, or
 * goes without.
 */
public final class Room {
  /** Who wants no more finds room behind those who want much. */
  private static final int LITTLE = 256 * 1024;

  private final long size;
  private long taken;

  public Room(long size) {
    this.size = size;
  }

  /** The most that anybody can have, alone. */
  public long size() {
    return size;
  }

  public synchronized long taken() {
    return taken;
  }

  /** Takes so much; false: there is not so much now. */
  public synchronized boolean take(long bytes) {
    long most = bytes <= LITTLE || taken == 0 ? size : size - size / 4;
    if (taken + bytes > most) {
      return false;
    }
    taken += bytes;
    return true;
  }

  /** The same; waits so long for it. */
  public synchronized boolean take(long bytes, Duration patience) throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    while (!take(bytes)) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(left / 1_000_000 + 1);
    }
    return true;
  }

  /** Gives so much back. */
  public synchronized void give(long bytes) {
    taken -= bytes;
    notifyAll();
  }
}
