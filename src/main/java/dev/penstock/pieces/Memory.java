package dev.penstock.pieces;

import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** What all pieces of this node may cost: beyond it the oldest tasks' pieces are given up. */
final class Memory {
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
    for (TaskPieces oldest : byAge.values()) {
      long over = bytes.get() - most;
      if (over <= 0) {
        return;
      }
      oldest.giveUp(over);
      boolean gone = oldest.forgetEnded();
      bytes.addAndGet(oldest.charge());
      if (gone) {
        byAge.remove(oldest.age);
      }
    }
  }
}
