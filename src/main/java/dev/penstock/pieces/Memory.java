package dev.penstock.pieces;

import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** What all pieces of this node may cost: beyond it the oldest tasks' pieces are given up. */
final class Memory {
  /** So many parts of the whole are freed at once: going through the tasks takes long. */
  private static final int PARTS = 16;

  private final long most;
  private final AtomicLong bytes = new AtomicLong();
  private final ConcurrentSkipListMap<Long, TaskPieces> byAge = new ConcurrentSkipListMap<>();

  Memory(long most) {
    this.most = most;
  }

  long bytes() {
    return bytes.get();
  }

  void add(TaskPieces task) {
    byAge.put(task.age, task);
    bytes.addAndGet(TaskPieces.COST);
  }

  void remove(TaskPieces task) {
    byAge.remove(task.age);
    bytes.addAndGet(task.charge());
  }

  /** A task's pieces have changed. */
  void changed(TaskPieces task) {
    if (bytes.addAndGet(task.charge()) > most) {
      makeRoom();
    }
  }

  private synchronized void makeRoom() {
    if (bytes.get() <= most) {
      return; // another thread has
    }
    for (TaskPieces oldest : byAge.values()) {
      long over = bytes.get() - (most - most / PARTS);
      if (over <= 0) {
        return;
      }
      oldest.giveUp(over);
      boolean gone = oldest.forgetEmpty();
      bytes.addAndGet(oldest.charge());
      if (gone) {
        byAge.remove(oldest.age);
      }
    }
  }
}
