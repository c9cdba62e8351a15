package dev.penstock.storage.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A few threads that only read, each with a connection of its own; each job sees what is committed.
 */
final class Readers {
  private static final long LOOK_UP_SECONDS = 1;

  private final Path file;
  private final ArrayBlockingQueue<Job<?>> queue;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closing;

  /**
   * @param name what its threads are called, before their number
   */
  Readers(String name, Path file, List<SqliteConnection> connections, int queued) {
    this.file = file;
    this.queue = new ArrayBlockingQueue<>(queued);
    for (SqliteConnection connection : connections) {
      threads.add(
          Thread.ofPlatform()
              .name("penstock-sqlite-" + name + "-" + (threads.size() + 1))
              .daemon()
              .unstarted(() -> loop(connection)));
    }
  }

  void start() {
    threads.forEach(Thread::start);
  }

  /** False: it is full or closed. */
  boolean offer(Job<?> job) {
    if (closing || !queue.offer(job)) {
      return false;
    }
    return !closing || !queue.remove(job);
  }

  /** Finishes what is queued; false when that took too long. */
  boolean close(Duration limit) throws InterruptedException {
    closing = true;
    long end = System.nanoTime() + limit.toNanos();
    threads.forEach(Thread::interrupt);
    boolean ended = true;
    for (Thread thread : threads) {
      ended &= thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
    }
    return ended;
  }

  private void loop(SqliteConnection connection) {
    try (connection) {
      while (true) {
        Job<?> job = null;
        try {
          job = closing ? queue.poll() : queue.poll(LOOK_UP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          continue; // Only close() interrupts, after it has set the flag.
        }
        if (job != null) {
          answer(job, connection);
        } else if (closing) {
          return;
        }
      }
    } catch (SQLException e) {
      // Closing a connection that only reads loses nothing.
    }
  }

  private void answer(Job<?> job, SqliteConnection connection) {
    if (!job.start()) {
      return;
    }
    try {
      job.run(connection);
      job.answer();
    } catch (Throwable failure) {
      connection.rollBack();
      job.fail(Failures.toCaller(failure, file));
    }
  }
}
