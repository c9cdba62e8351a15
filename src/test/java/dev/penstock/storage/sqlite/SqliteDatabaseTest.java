package dev.penstock.storage.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.base.Unavailable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SqliteDatabaseTest {
  private static final Limits LIMITS =
      new Limits(1_000, 100, 512, 2, Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ZERO);

  @TempDir Path folder;
  private Path file;
  private SqliteDatabase database;

  @BeforeEach
  void open() {
    file = folder.resolve("new/folder/penstock.db");
    database = SqliteDatabase.open(file, LIMITS);
    database.onWriter("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  }

  @AfterEach
  void close() {
    database.close();
  }

  // --- how it writes

  @Test
  void theLogIsWrittenAheadAndSyncedFully() {
    assertThat(
            database.<String>read(c -> {
              try (ResultSet mode = c.prepare("PRAGMA journal_mode").executeQuery()) {
                return mode.getString(1);
              }
            }))
        .isEqualTo("wal");
    assertThat(synchronous(Durability.SYNCED)).isEqualTo(2);
    assertThat(synchronous(Durability.RELAXED)).isEqualTo(1);
    assertThat(synchronous(Durability.SYNCED)).isEqualTo(2);
  }

  @Test
  void aRelaxedJobBesideASyncedOneIsSynced() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      Future<Long> relaxed = threads.submit(() -> synchronous(Durability.RELAXED));
      Future<Integer> synced = threads.submit(() -> note("x"));
      blocker.awaitQueued(2);
      blocker.release();
      synced.get(10, TimeUnit.SECONDS);
      assertThat(relaxed.get(10, TimeUnit.SECONDS)).isEqualTo(2);
    }
  }

  @Test
  void jobsThatWaitTogetherAreCommittedTogether() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      List<Future<Integer>> notes = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        notes.add(threads.submit(() -> note("x")));
      }
      blocker.awaitQueued(300);
      final Commits before = database.commits();
      blocker.release();
      for (Future<Integer> note : notes) {
        note.get(10, TimeUnit.SECONDS);
      }
      Commits after = database.commits();
      assertThat(after.jobs() - before.jobs()).isGreaterThanOrEqualTo(300);
      assertThat(after.synced() - before.synced()).isLessThan(30);
      assertThat(notes()).isEqualTo(300);
    }
  }

  @Test
  void aJobThatFailsHarmsNoNeighbour() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      List<Future<Integer>> good = new ArrayList<>();
      List<Future<Integer>> bad = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        good.add(threads.submit(() -> note("good")));
        bad.add(
            threads.submit(() ->
                database.write(
                    Durability.SYNCED,
                    c -> {
                      insert(c, "half");
                      throw new IllegalStateException("a bug");
                    })));
      }
      blocker.awaitQueued(40);
      blocker.release();
      for (Future<Integer> note : good) {
        assertThat(note.get(10, TimeUnit.SECONDS)).isEqualTo(1);
      }
      for (Future<Integer> note : bad) {
        assertThatThrownBy(() -> note.get(10, TimeUnit.SECONDS)).hasMessageContaining("a bug");
      }
      assertThat(notes()).isEqualTo(20);
      assertThat(database.trouble()).isEmpty();
    }
  }

  @Test
  void aReaderSeesWhatIsCommittedAndWritesNothing() {
    note("x");
    assertThat(notes()).isEqualTo(1);
    Unavailable refused =
        catchThrowableOfType(Unavailable.class, () -> database.read(c -> insert(c, "y")));
    assertThat(refused).hasMessageContaining("read-only");
    assertThat(notes()).isEqualTo(1);
  }

  // --- bounds

  @Test
  void aFullQueueTurnsJobsAway() throws Exception {
    database.close();
    database =
        SqliteDatabase.open(
            file,
            new Limits(
                2, 100, 512, 1, Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ZERO));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      Future<Integer> first = threads.submit(() -> note("1"));
      Future<Integer> second = threads.submit(() -> note("2"));
      blocker.awaitQueued(2);
      Unavailable refused = catchThrowableOfType(Unavailable.class, () -> note("3"));
      assertThat(refused).hasMessageContaining("too busy");
      assertThat(refused.surelyNotDone()).isTrue();
      blocker.release();
      first.get(10, TimeUnit.SECONDS);
      second.get(10, TimeUnit.SECONDS);
      assertThat(notes()).isEqualTo(2);
    }
  }

  @Test
  void aLookUpWaitsForNoSearch() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> searches = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        searches.add(
            threads.submit(() ->
                database.search(c -> {
                  try {
                    return end.await(10, TimeUnit.SECONDS);
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                })));
      }
      assertThat(notes()).isZero();
      assertThat(searches).noneMatch(Future::isDone);
      end.countDown();
      for (Future<Boolean> search : searches) {
        assertThat(search.get(10, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void aJobWhoseCallerGaveUpIsNotDone() throws Exception {
    database.close();
    database =
        SqliteDatabase.open(
            file,
            new Limits(
                100, 100, 512, 1, Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ZERO));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      Unavailable refused = catchThrowableOfType(Unavailable.class, () -> note("late"));
      assertThat(refused.surelyNotDone()).isTrue();
      // The one that was under way all the time: nobody knows.
      assertThatThrownBy(() -> blocker.job.get(10, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              Unavailable.class, unknown -> assertThat(unknown.surelyNotDone()).isFalse());
      blocker.release();
    }
    note("next");
    assertThat(notes()).isEqualTo(1);
  }

  @Test
  void aClosedDatabaseRefuses() {
    note("x");
    database.close();
    assertThat(catchThrowableOfType(Unavailable.class, () -> note("y")).surelyNotDone()).isTrue();
    assertThat(catchThrowableOfType(Unavailable.class, this::notes)).hasMessageContaining("closed");
    assertThat(database.trouble()).isPresent();
    assertThat(file.resolveSibling("penstock.db-wal")).doesNotExist();
  }

  @Test
  void closingFinishesWhatIsQueued() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      List<Future<Integer>> notes = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        notes.add(threads.submit(() -> note("x")));
      }
      blocker.awaitQueued(50);
      Future<?> closing = threads.submit(() -> database.close());
      blocker.release();
      closing.get(10, TimeUnit.SECONDS);
      for (Future<Integer> note : notes) {
        assertThat(note.get(10, TimeUnit.SECONDS)).isEqualTo(1);
      }
    }
    database = SqliteDatabase.open(file, LIMITS);
    assertThat(notes()).isEqualTo(50);
  }

  // --- a bad disk

  @Test
  void aFullDiskRefusesKeepsNothingHalfDoneAndRecovers() {
    note("before");
    long pages = database.bytes() / 4_096;
    database.onWriter("PRAGMA max_page_count = " + pages);
    String big = "x".repeat(100_000);
    Unavailable refused =
        catchThrowableOfType(
            Unavailable.class,
            () ->
                database.write(
                    Durability.SYNCED,
                    c -> {
                      insert(c, "small");
                      return insert(c, big);
                    }));

    assertThat(refused).hasMessageContaining("full").hasMessageContaining(file.toString());
    assertThat(refused.surelyNotDone()).isTrue();
    assertThat(notes()).isEqualTo(1);
    assertThat(database.trouble().orElseThrow()).contains("full");
    database.onWriter("PRAGMA max_page_count = 1000000");
    assertThat(database.trouble()).isEmpty();
    assertThat(note(big)).isEqualTo(1);
    assertThat(notes()).isEqualTo(2);
  }

  @Test
  void aFullDiskHarmsOnlyTheJobsThatNeedRoom() throws Exception {
    note("before");
    database.onWriter("PRAGMA max_page_count = " + database.bytes() / 4_096);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Blocker blocker = new Blocker(threads)) {
      Future<Integer> big = threads.submit(() -> note("x".repeat(100_000)));
      Future<Integer> small =
          threads.submit(() ->
              database.write(
                  Durability.SYNCED,
                  c -> c.prepare("UPDATE notes SET text = 'after'").executeUpdate()));
      blocker.awaitQueued(2);
      blocker.release();
      assertThat(small.get(10, TimeUnit.SECONDS)).isEqualTo(1);
      assertThatThrownBy(() -> big.get(10, TimeUnit.SECONDS)).hasMessageContaining("full");
    }
  }

  @Test
  void aReadOnlyDiskRefusesAndRecovers() {
    note("before");
    database.onWriter("PRAGMA query_only = 1");
    Unavailable refused = catchThrowableOfType(Unavailable.class, () -> note("x"));

    assertThat(refused).hasMessageContaining("read-only");
    assertThat(refused.surelyNotDone()).isTrue();
    assertThat(database.trouble().orElseThrow()).contains("read-only");
    assertThat(notes()).isEqualTo(1);
    database.onWriter("PRAGMA query_only = 0");
    assertThat(database.trouble()).isEmpty();
    note("after");
    assertThat(notes()).isEqualTo(2);
  }

  @Test
  void aDiskThatBreaksWhileNobodyWritesIsFoundOutByWhoeverAsksWhetherAllIsWell() {
    assertThat(database.trouble()).isEmpty();
    database.onWriter("PRAGMA query_only = 1");
    assertThat(database.trouble().orElseThrow()).contains("read-only");
  }

  // --- opening

  @Test
  void aSecondProcessIsKeptOut() {
    assertThatThrownBy(() -> SqliteDatabase.open(file))
        .isInstanceOf(CannotOpen.class)
        .hasMessageContaining("in use")
        .hasMessageContaining(file.toString());
  }

  @Test
  void aSecondProcessIsKeptOutByWhicheverNameItComes() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link.db"), file);
    Path linked = Files.createSymbolicLink(folder.resolve("linked.db"), Path.of("link.db"));
    Path inFolder =
        Files.createSymbolicLink(folder.resolve("folder"), file.getParent()).resolve("penstock.db");
    Path hard = Files.createLink(folder.resolve("hard.db"), file);
    Path relative = Path.of("").toAbsolutePath().relativize(file);
    for (Path name : List.of(link, linked, inFolder, hard, relative)) {
      assertThatThrownBy(() -> SqliteDatabase.open(name))
          .as("%s", name)
          .isInstanceOf(CannotOpen.class)
          .hasMessageContaining("in use");
    }
    database.close();
    try (var again = SqliteDatabase.open(linked)) {
      assertThat(again.<Long>read(c -> c.number("SELECT count(*) FROM notes"))).isZero();
      assertThatThrownBy(() -> SqliteDatabase.open(file)).isInstanceOf(CannotOpen.class);
    }
  }

  @Test
  void aFileIsMadeWhereALinkLeadsTo() throws Exception {
    Path target = folder.resolve("later.db");
    Path link = Files.createSymbolicLink(folder.resolve("to-later.db"), target);
    try (var _ = SqliteDatabase.open(link)) {
      assertThat(target).exists();
      assertThatThrownBy(() -> SqliteDatabase.open(target)).isInstanceOf(CannotOpen.class);
    }
  }

  @Test
  void aFileOfANewerVersionIsLeftAlone() {
    database.onWriter("PRAGMA user_version = 99");
    database.close();
    assertThatThrownBy(() -> SqliteDatabase.open(file))
        .isInstanceOf(CannotOpen.class)
        .hasMessageContaining("version 99");
  }

  @Test
  void aFileOfAnotherProgramIsLeftAlone() {
    database.onWriter("PRAGMA user_version = 0");
    database.close();
    assertThatThrownBy(() -> SqliteDatabase.open(file))
        .isInstanceOf(CannotOpen.class)
        .hasMessageContaining("another program");
  }

  @Test
  void aFileThatIsNoDatabaseIsLeftAlone() throws Exception {
    Path text = Files.writeString(folder.resolve("notes.txt"), "no database ".repeat(1_000));
    assertThatThrownBy(() -> SqliteDatabase.open(text))
        .isInstanceOf(CannotOpen.class)
        .hasMessageContaining(text.toString());
    assertThat(text).content().startsWith("no database");
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws Exception {
    Path inTheWay = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> SqliteDatabase.open(inTheWay.resolve("penstock.db")))
        .isInstanceOf(CannotOpen.class)
        .hasMessageContaining(inTheWay.toString());
  }

  // --- helpers

  private long synchronous(Durability durability) {
    return database.write(durability, c -> c.number("PRAGMA synchronous"));
  }

  private int note(String text) {
    return database.write(Durability.SYNCED, c -> insert(c, text));
  }

  private static int insert(SqliteConnection connection, String text) throws SQLException {
    PreparedStatement insert = connection.prepare("INSERT INTO notes (text) VALUES (?)");
    insert.setString(1, text);
    return insert.executeUpdate();
  }

  private long notes() {
    return database.read(c -> c.number("SELECT count(*) FROM notes"));
  }

  /** A job that holds the writer until it is released, so that others gather behind it. */
  private final class Blocker implements AutoCloseable {
    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final Future<Boolean> job;

    Blocker(ExecutorService threads) throws InterruptedException {
      job =
          threads.submit(() ->
              database.write(
                  Durability.SYNCED,
                  c -> {
                    running.countDown();
                    while (end.getCount() > 0) {
                      Thread.onSpinWait();
                    }
                    return true;
                  }));
      assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
    }

    void awaitQueued(int jobs) {
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (database.queuedWrites() < jobs) {
        assertThat(System.nanoTime()).isLessThan(limit);
        Thread.onSpinWait();
      }
    }

    void release() {
      end.countDown();
    }

    @Override
    public void close() {
      release();
    }
  }
}
