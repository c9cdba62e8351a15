package dev.penstock.storage.sqlite;

import dev.penstock.base.Unavailable;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A piece of work on its way from its caller to a database thread and back. */
final class Job<R> {
  private enum Stage {
    WAITING,
    STARTED,
    DROPPED
  }

  private final Work<R> work;
  private final Durability durability;
  private final boolean transactional;
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);
  private final CompletableFuture<R> answer = new CompletableFuture<>();
  private @Nullable R result;

  private Job(Work<R> work, Durability durability, boolean transactional) {
    this.work = work;
    this.durability = durability;
    this.transactional = transactional;
  }

  static <R> Job<R> of(Work<R> work, Durability durability) {
    return new Job<>(work, durability, true);
  }

  /** A job that must not run inside a transaction. */
  static <R> Job<R> bare(Work<R> work) {
    return new Job<>(work, Durability.SYNCED, false);
  }

  boolean synced() {
    return durability == Durability.SYNCED;
  }

  boolean transactional() {
    return transactional;
  }

  /** False: the caller has given up, nobody wants it done. */
  boolean start() {
    return stage.compareAndSet(Stage.WAITING, Stage.STARTED);
  }

  /** Does the work and keeps the result until {@link #answer}. */
  void run(SqliteConnection connection) throws SQLException {
    result = work.on(connection);
  }

  void answer() {
    answer.complete(result);
  }

  void fail(Throwable failure) {
    answer.completeExceptionally(failure);
  }

  /**
   * The result, once there is one. An interrupt does not cut the wait short, because the work may
   * be done already; it is passed on afterwards.
   */
  R await(Duration limit, String file) {
    long end = System.nanoTime() + limit.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return answer.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (TimeoutException e) {
          if (stage.compareAndSet(Stage.WAITING, Stage.DROPPED)) {
            throw Unavailable.refused(
                "database " + file + " is too busy: not started within " + limit, e);
          }
          throw Unavailable.unknown("database " + file + " did not answer within " + limit, e);
        } catch (ExecutionException e) {
          throw e.getCause() instanceof RuntimeException failure
              ? failure
              : new IllegalStateException("database " + file, e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
