package dev.penstock.api.worker;

import dev.penstock.bus.Request.Leased;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a poll has caught, from all its lanes, within the poll's bounds. What is beyond
 * them, or comes after its end, is not taken. Thread-safe.
 */
final class PollResult {
  private final int most;
  private final long mostBytes;
  private final List<LeasedTask> tasks = new ArrayList<>();
  private final Set<String> suspects = new TreeSet<>();
  private long bytes;
  private boolean full;
  private boolean open = true;
  private @Nullable RuntimeException failure;

  /**
   * @param most tasks
   * @param mostBytes of input; one task fits in any case
   */
  PollResult(int most, long mostBytes) {
    this.most = most;
    this.mostBytes = mostBytes;
  }

  synchronized boolean isOpen() {
    return open;
  }

  synchronized void close() {
    open = false;
    notifyAll();
  }

  synchronized boolean isEmpty() {
    return tasks.isEmpty();
  }

  /** How many more tasks there is room for. */
  synchronized int room() {
    return full ? 0 : most - tasks.size();
  }

  /** How much more input there is room for. */
  synchronized long roomBytes() {
    return mostBytes - bytes;
  }

  /** Returns what was not taken: it is to go back. */
  synchronized List<LeasedTask> add(Lane lane, Leased leased) {
    if (!open) {
      return leased.tasks();
    }
    if (leased.suspectWaiting()) {
      suspects.add(lane.name());
    }
    List<LeasedTask> over = new ArrayList<>();
    for (LeasedTask task : leased.tasks()) {
      long size = task.task().spec().input().length;
      if (room() > 0 && (tasks.isEmpty() || size <= roomBytes())) {
        tasks.add(task);
        bytes += size;
      } else {
        over.add(task);
      }
    }
    full |= !over.isEmpty() || (!tasks.isEmpty() && roomBytes() <= 0);
    return over;
  }

  synchronized void failed(RuntimeException e) {
    failure = e;
    close();
  }

  /**
   * @throws RuntimeException what a lane failed with, where nothing was caught
   */
  synchronized List<LeasedTask> tasks() {
    if (tasks.isEmpty() && failure != null) {
      throw failure;
    }
    return List.copyOf(tasks);
  }

  synchronized List<LeasedTask> caught() {
    return List.copyOf(tasks);
  }

  synchronized Set<String> suspects() {
    return Set.copyOf(suspects);
  }

  /** False once there is nothing to wait for any more. */
  @SuppressWarnings("WaitNotInLoop") // its caller looks, and waits again
  synchronized boolean await(Duration limit) throws InterruptedException {
    if (open && limit.isPositive()) {
      wait(Math.max(1, limit.toMillis()));
    }
    return open;
  }
}
