package dev.penstock.storage.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that changes the file. Jobs that wait together are committed together: a sync of
 * the disk costs the same for one as for hundreds.
 *
 * <p>There is no savepoint around each job: jobs hardly ever fail, and a savepoint copies every
 * page before it is changed. When one does fail, all are rolled back and each is run in a
 * transaction of its own, so its neighbours are unharmed.
 */
final class Writer {
  /** A commit takes no further job after this long, so that big inputs do not hold up everybody. */
  private static final long FULL_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

  private final Path file;
  private final SqliteConnection connection;
  private final int jobsPerCommit;
  private final ArrayBlockingQueue<Job<?>> queue;
  private final ArrayDeque<Job<?>> taken = new ArrayDeque<>();
  private final Thread thread;
  private boolean syncing = true;
  private long changesBefore;
  private volatile boolean closing;
  private volatile @Nullable String trouble;
  private volatile Commits commits = new Commits(0, 0, 0);

  Writer(Path file, SqliteConnection connection, Limits limits) {
    this.file = file;
    this.connection = connection;
    this.jobsPerCommit = limits.jobsPerCommit();
    this.queue = new ArrayBlockingQueue<>(limits.queuedWrites());
    this.thread = Thread.ofPlatform().name("penstock-sqlite-writer").daemon().unstarted(this::loop);
  }

  void start() {
    thread.start();
  }

  /** False: it is full or closed. */
  boolean offer(Job<?> job) {
    if (closing || !queue.offer(job)) {
      return false;
    }
    // The thread may have ended between the two.
    return thread.isAlive() || !queue.remove(job);
  }

  /** What kept the last write from the disk; null when nothing did. */
  @Nullable String trouble() {
    return trouble;
  }

  int queued() {
    return queue.size();
  }

  Commits commits() {
    return commits;
  }

  /** Finishes what is queued, then checkpoints and closes; false when that took too long. */
  boolean close(Duration limit) throws InterruptedException {
    closing = true;
    thread.interrupt();
    return thread.join(limit);
  }

  private void loop() {
    List<Job<?>> batch = new ArrayList<>(jobsPerCommit);
    while (gather(batch)) {
      if (batch.getFirst().transactional()) {
        commit(batch);
      } else {
        runBare(batch.getFirst());
      }
      batch.clear();
    }
    try {
      connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (SQLException e) {
      // The log stays beside the file; the next start reads it.
    }
    try {
      connection.close();
    } catch (SQLException e) {
      // Nothing was pending: every commit has been answered.
    }
  }

  /** Fills the batch with jobs that can share a commit; false when closed and empty. */
  private boolean gather(List<Job<?>> batch) {
    if (taken.isEmpty()) {
      Job<?> first = await();
      if (first == null) {
        return false;
      }
      taken.add(first);
    }
    queue.drainTo(taken, jobsPerCommit - taken.size());
    while (!taken.isEmpty() && taken.getFirst().transactional()) {
      batch.add(taken.removeFirst());
    }
    if (batch.isEmpty()) {
      batch.add(taken.removeFirst());
    }
    return true;
  }

  private @Nullable Job<?> await() {
    while (!closing) {
      try {
        return queue.take();
      } catch (InterruptedException e) {
        // Only close() interrupts, after it has set the flag.
      }
    }
    return queue.poll();
  }

  private void commit(List<Job<?>> batch) {
    List<Job<?>> started = new ArrayList<>(batch.size());
    boolean begun = false;
    boolean ran = false;
    boolean synced = batch.stream().anyMatch(Job::synced);
    try {
      sync(synced);
      long before = changesInTrouble();
      connection.begin();
      begun = true;
      long fullAt = System.nanoTime() + FULL_AFTER_NANOS;
      int next = 0;
      while (next < batch.size() && (next == 0 || System.nanoTime() < fullAt)) {
        Job<?> job = batch.get(next++);
        if (job.start()) {
          started.add(job);
          job.run(connection);
        }
      }
      ran = true;
      for (Job<?> late : batch.subList(next, batch.size()).reversed()) {
        taken.addFirst(late);
      }
      connection.commit();
      changesBefore = before;
    } catch (Throwable failure) {
      connection.rollBack();
      if (begun && !ran && batch.size() > 1) {
        repeatApart(batch, started);
      } else {
        failed(started.isEmpty() ? startAll(batch) : started, failure);
      }
      return;
    }
    committed(started, synced);
  }

  /** Runs the jobs of a commit that one of them spoiled, each for itself. */
  private void repeatApart(List<Job<?>> batch, List<Job<?>> started) {
    List<Job<?>> all = new ArrayList<>(started);
    for (Job<?> job : batch) {
      if (job.start()) {
        all.add(job);
      }
    }
    for (Job<?> job : all) {
      try {
        sync(job.synced());
        long before = changesInTrouble();
        connection.begin();
        job.run(connection);
        connection.commit();
        changesBefore = before;
      } catch (Throwable failure) {
        connection.rollBack();
        failed(List.of(job), failure);
        continue;
      }
      committed(List.of(job), job.synced());
    }
  }

  private void runBare(Job<?> job) {
    if (!job.start()) {
      return;
    }
    try {
      job.run(connection);
      job.answer();
    } catch (Throwable failure) {
      connection.rollBack();
      failed(List.of(job), failure);
    }
  }

  private static List<Job<?>> startAll(List<Job<?>> batch) {
    return batch.stream().filter(Job::start).toList();
  }

  private void committed(List<Job<?>> jobs, boolean synced) {
    if (trouble != null && synced && changedSomething()) {
      trouble = null;
    }
    commits = commits.plus(synced, jobs.size());
    for (Job<?> job : jobs) {
      job.answer();
    }
  }

  /** How many rows have been changed so far; asked only while there is trouble. */
  private long changesInTrouble() throws SQLException {
    return trouble == null ? 0 : connection.number("SELECT total_changes()");
  }

  /** A commit that changed nothing says nothing of the disk: it succeeds on a full one too. */
  private boolean changedSomething() {
    try {
      return connection.number("SELECT total_changes()") > changesBefore;
    } catch (SQLException e) {
      return false;
    }
  }

  private void failed(List<Job<?>> jobs, Throwable failure) {
    if (Failures.ofStorage(failure)) {
      trouble = Failures.describe(failure);
    }
    for (Job<?> job : jobs) {
      job.fail(Failures.toCaller(failure, file));
    }
  }

  /**
   * Not possible inside a transaction, and cheap outside (microseconds against a sync's hundreds).
   */
  private void sync(boolean wanted) throws SQLException {
    if (wanted != syncing) {
      connection.execute("PRAGMA synchronous = " + (wanted ? "FULL" : "NORMAL"));
      syncing = wanted;
    }
  }
}
