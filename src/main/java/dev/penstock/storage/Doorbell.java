package dev.penstock.storage;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Wakes the receivers that wait for one lane: one receiver for each message, and only one that
 * takes messages of its priority. Waking all of them for each would have most of them look in vain.
 */
public final class Doorbell {
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Ear> ears = new ArrayDeque<>();

  /** One receiver that listens. */
  public final class Ear implements AutoCloseable {
    private final int least;
    private final Condition rung = lock.newCondition();
    private int heard = -1;

    private Ear(int least) {
      this.least = least;
    }

    /** Returns when it was rung for since it last returned, or after the time. */
    public void await(long nanos) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        long left = nanos;
        while (heard < 0 && left > 0) {
          left = rung.awaitNanos(left);
        }
        heard = -1;
      } finally {
        lock.unlock();
      }
    }

    /** Stops listening; a ring it has not acted on goes to another. */
    @Override
    public void close() {
      lock.lock();
      try {
        ears.remove(this);
        if (heard >= 0) {
          ring(heard);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Listens from now on. Whoever listens first and looks for messages then misses none.
   *
   * @param least the least urgent priority the receiver takes
   */
  public Ear listen(int least) {
    Ear ear = new Ear(least);
    lock.lock();
    try {
      ears.addLast(ear);
    } finally {
      lock.unlock();
    }
    return ear;
  }

  /** Wakes one receiver for a message of this priority, if one waits. */
  public void ring(int priority) {
    lock.lock();
    try {
      for (Ear ear : ears) {
        if (ear.heard < 0 && ear.least <= priority) {
          ear.heard = priority;
          ear.rung.signal();
          return;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Wakes every receiver. */
  public void ringAll() {
    lock.lock();
    try {
      for (Ear ear : ears) {
        ear.heard = Math.max(ear.heard, 0);
        ear.rung.signal();
      }
    } finally {
      lock.unlock();
    }
  }
}
