package dev.penstock.storage.sqlite;

import dev.penstock.base.Unavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The embedded database file: one writer with group commit, a few readers. Callers of any thread
 * block, for a bounded time, and get {@link Unavailable} when the file cannot answer; the calls
 * into SQLite happen on platform threads of its own, because a native call holds a virtual thread's
 * carrier.
 */
public final class SqliteDatabase implements AutoCloseable {
  private static final int WRITER_CACHE_KIB = 32 * 1024;
  private static final int READER_CACHE_KIB = 8 * 1024;

  /**
   * Searches read much more than look-ups do, so they have readers of their own: nothing else waits
   * for them. Few wait in turn, for each takes tenths of a second.
   */
  private static final int SEARCHERS = 2;

  private static final int QUEUED_SEARCHES = 32;

  /** 16 MB of log. More makes rarer but longer stalls, fewer copies the same pages more often. */
  private static final int CHECKPOINT_PAGES = 4_000;

  /** Big enough to need new pages, as a task does. */
  private static final String PROBE = "INSERT INTO probe (content) VALUES (zeroblob(?))";

  /** What a disk that was full has to have room for again. */
  private static final int MUCH = 65_536;

  /** What even a full one takes, for rows leave pages half empty. */
  private static final int LITTLE = 1;

  /** A file that works is tried so much less often than one in trouble. */
  private static final int LESS_OFTEN = 5;

  private final Path file;
  private final FileGuard guard;
  private final Limits limits;
  private final Writer writer;
  private final Readers readers;
  private final Readers searchers;
  private final AtomicLong probedAt;
  private volatile boolean closed;

  private SqliteDatabase(
      Path file,
      FileGuard guard,
      Limits limits,
      Writer writer,
      Readers readers,
      Readers searchers) {
    this.file = file;
    this.guard = guard;
    this.limits = limits;
    this.writer = writer;
    this.readers = readers;
    this.searchers = searchers;
    this.probedAt = new AtomicLong(System.nanoTime() - LESS_OFTEN * limits.probe().toNanos());
  }

  /**
   * Opens or creates the file, its folders included.
   *
   * @throws CannotOpen when another process uses it, or it is not a database of ours
   */
  public static SqliteDatabase open(Path file) {
    return open(file, Limits.DEFAULTS);
  }

  static SqliteDatabase open(Path given, Limits limits) {
    Path file = given.toAbsolutePath().normalize();
    try {
      Path folder = file.getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
    } catch (IOException e) {
      throw new CannotOpen("database " + file + ": cannot create its folder: " + e, e);
    }
    FileGuard guard = FileGuard.lock(file);
    List<SqliteConnection> opened = new ArrayList<>();
    try {
      SqliteConnection writing = SqliteConnection.writer(file, WRITER_CACHE_KIB, CHECKPOINT_PAGES);
      opened.add(writing);
      Schema.migrate(writing, file);
      for (int i = 0; i < limits.readers() + SEARCHERS; i++) {
        opened.add(SqliteConnection.reader(file, READER_CACHE_KIB));
      }
      List<SqliteConnection> looking = opened.subList(1, 1 + limits.readers());
      List<SqliteConnection> searching = opened.subList(1 + limits.readers(), opened.size());
      Writer writer = new Writer(file, writing, limits);
      Readers readers = new Readers("reader", file, looking, limits.queuedReads());
      Readers searchers = new Readers("searcher", file, searching, QUEUED_SEARCHES);
      writer.start();
      readers.start();
      searchers.start();
      return new SqliteDatabase(file, guard, limits, writer, readers, searchers);
    } catch (SQLException e) {
      abandon(opened, guard);
      throw new CannotOpen("database " + file + ": " + Failures.describe(e), e);
    } catch (RuntimeException e) {
      abandon(opened, guard);
      throw e;
    }
  }

  private static void abandon(List<SqliteConnection> opened, FileGuard guard) {
    for (SqliteConnection connection : opened) {
      try {
        connection.close();
      } catch (SQLException e) {
        // The reason why it cannot be opened is on its way to the caller.
      }
    }
    guard.close();
  }

  /**
   * Does the work in a transaction and answers when it is committed; all of it happens or nothing.
   * The transaction is shared with other callers' work.
   */
  <R> R write(Durability durability, Work<R> work) {
    return write(Job.of(work, durability));
  }

  private <R> R write(Job<R> job) {
    if (!writer.offer(job)) {
      throw turnedAway(limits.queuedWrites(), "writes");
    }
    return job.await(limits.answer(), file.toString());
  }

  /** Does the work on a connection that sees every committed write and can write nothing. */
  <R> R read(Work<R> work) {
    return read(readers, work, limits.queuedReads(), "reads");
  }

  /** The same for what takes long: only its like waits for it. */
  <R> R search(Work<R> work) {
    return read(searchers, work, QUEUED_SEARCHES, "searches");
  }

  private <R> R read(Readers by, Work<R> work, int bound, String what) {
    Job<R> job = Job.of(work, Durability.RELAXED);
    if (!by.offer(job)) {
      throw turnedAway(bound, what);
    }
    return job.await(limits.answer(), file.toString());
  }

  private Unavailable turnedAway(int bound, String what) {
    String reason = closed ? " is closed" : " is too busy: " + bound + " " + what + " wait";
    return Unavailable.refused(
        "database " + file + reason, new IllegalStateException("no room in the queue"));
  }

  /**
   * Why it cannot be read and written; empty when it can. Remembers how the last synced commit
   * ended. After a failure it tries again, at most once a second; a success is believed for five.
   */
  Optional<String> trouble() {
    if (closed) {
      return Optional.of("the database is closed");
    }
    Optional<String> trouble =
        Optional.ofNullable(writer.trouble()).map(why -> "database " + file + ": " + why);
    long every = limits.probe().toNanos() * (trouble.isPresent() ? 1 : LESS_OFTEN);
    long now = System.nanoTime();
    long last = probedAt.get();
    if (now - last < every || !probedAt.compareAndSet(last, now)) {
      return trouble;
    }
    try {
      probe(trouble.isPresent() ? MUCH : LITTLE);
      return Optional.empty();
    } catch (Unavailable e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  private void probe(int bytes) {
    write(
        Durability.SYNCED,
        connection -> {
          Columns.bind(connection.prepare(PROBE), bytes).executeUpdate();
          return connection.prepare("DELETE FROM probe").executeUpdate();
        });
    var _ = read(connection -> connection.number("SELECT count(*) FROM probe"));
  }

  /** What the writer has done since the start. */
  Commits commits() {
    return writer.commits();
  }

  /**
   * Bytes of the file that hold something. The log beside it is left out: deleting cannot shrink
   * it.
   */
  long bytes() {
    return read(connection ->
        (connection.number("PRAGMA page_count") - connection.number("PRAGMA freelist_count"))
            * connection.number("PRAGMA page_size"));
  }

  int queuedWrites() {
    return writer.queued();
  }

  /** Runs a statement on the writer outside any transaction, as tests need to break the disk. */
  void onWriter(String sql) {
    write(
        Job.bare(connection -> {
          connection.execute(sql);
          return true;
        }));
  }

  /** Finishes the queued work and writes the log back into the file. May be repeated. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      boolean readersEnded = readers.close(limits.closing());
      boolean searchersEnded = searchers.close(limits.closing());
      boolean writerEnded = writer.close(limits.closing());
      if (readersEnded && searchersEnded && writerEnded) {
        guard.close();
      }
      // Otherwise a thread is stuck in SQLite and may still write: the lock stays with it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
