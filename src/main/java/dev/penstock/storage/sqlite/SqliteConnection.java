package dev.penstock.storage.sqlite;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TempStore;

/**
 * One connection to the file, used by one thread only. Statements are prepared once and kept: their
 * texts are constants, so there are few.
 */
final class SqliteConnection implements AutoCloseable {
  private static final int BUSY_MILLIS = 5_000;

  private static final String COUNT =
      """
      INSERT INTO counters (lane, phase, n) VALUES (?, ?, ?)
      ON CONFLICT (lane, phase) DO UPDATE SET n = n + excluded.n
      """;

  private final Connection connection;
  private final Statement plain;
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private final Map<Counter, Long> counts = new HashMap<>();

  private record Counter(String lane, String phase) {}

  private SqliteConnection(Connection connection) throws SQLException {
    this.connection = connection;
    this.plain = connection.createStatement();
  }

  static SqliteConnection writer(Path file, int cacheKib, int checkpointPages) throws SQLException {
    SQLiteConfig config = config(cacheKib);
    config.setJournalMode(JournalMode.WAL);
    config.setSynchronous(SynchronousMode.FULL);
    SqliteConnection opened = open(file, config);
    opened.execute("PRAGMA wal_autocheckpoint = " + checkpointPages);
    // A WAL that one huge transaction blew up is cut back at the next checkpoint.
    opened.execute("PRAGMA journal_size_limit = " + 64 * 1024 * 1024);
    return opened;
  }

  static SqliteConnection reader(Path file, int cacheKib) throws SQLException {
    SQLiteConfig config = config(cacheKib);
    config.setReadOnly(true);
    return open(file, config);
  }

  private static SQLiteConfig config(int cacheKib) {
    SQLiteConfig config = new SQLiteConfig();
    config.setBusyTimeout(BUSY_MILLIS);
    config.setCacheSize(-cacheKib);
    config.setTempStore(TempStore.MEMORY);
    // Otherwise the driver asks for the last row id after every insert.
    config.setGetGeneratedKeys(false);
    return config;
  }

  private static SqliteConnection open(Path file, SQLiteConfig config) throws SQLException {
    return new SqliteConnection(config.createConnection(JDBC.PREFIX + file.toAbsolutePath()));
  }

  /** The statement of this text: prepared at its first use, then kept. Its parameters are stale. */
  PreparedStatement prepare(String sql) throws SQLException {
    PreparedStatement known = statements.get(sql);
    if (known == null) {
      known = connection.prepareStatement(sql);
      statements.put(sql, known);
    }
    return known;
  }

  /**
   * Adds to a lane's counter when the transaction commits. Gathered until then, so that a commit of
   * many jobs touches each counter once.
   */
  void count(String lane, String phase, long delta) {
    counts.merge(new Counter(lane, phase), delta, Long::sum);
  }

  /** The single number that a query answers. */
  long number(String sql) throws SQLException {
    try (ResultSet rows = plain.executeQuery(sql)) {
      if (!rows.next()) {
        throw new SQLException("no answer to " + sql);
      }
      return rows.getLong(1);
    }
  }

  /**
   * Does several reads that all see the file as it is at the first of them. For readers: a write
   * has its transaction already.
   */
  <R> R snapshot(Work<R> reads) throws SQLException {
    prepare("BEGIN").execute();
    R result = reads.on(this);
    // A read that fails is followed by a roll-back, as all that fails is.
    prepare("COMMIT").execute();
    return result;
  }

  void execute(String sql) throws SQLException {
    if (plain.execute(sql)) {
      plain.getResultSet().close(); // A pragma that answers with its new value.
    }
  }

  void begin() throws SQLException {
    // The lock at once: a lock taken halfway could fail halfway.
    prepare("BEGIN IMMEDIATE").execute();
  }

  void commit() throws SQLException {
    for (Map.Entry<Counter, Long> count : counts.entrySet()) {
      if (count.getValue() != 0) {
        PreparedStatement add = prepare(COUNT);
        add.setString(1, count.getKey().lane());
        add.setString(2, count.getKey().phase());
        add.setLong(3, count.getValue());
        add.executeUpdate();
      }
    }
    prepare("COMMIT").execute();
    counts.clear();
  }

  /**
   * Undoes what the transaction did, if there is one: after some errors SQLite has undone it
   * already. The driver finalises a statement that failed, so all are prepared anew.
   */
  void rollBack() {
    counts.clear();
    for (PreparedStatement statement : statements.values()) {
      closeQuietly(statement);
    }
    statements.clear();
    try {
      plain.execute("ROLLBACK");
    } catch (SQLException e) {
      // No transaction was open. If one is stuck all the same, the next BEGIN says so.
    }
  }

  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement : statements.values()) {
      closeQuietly(statement);
    }
    statements.clear();
    connection.close();
  }

  private static void closeQuietly(PreparedStatement statement) {
    try {
      statement.close();
    } catch (SQLException e) {
      // It is gone either way.
    }
  }
}
