package dev.penstock.storage.sqlite;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.storage.Micros;
import dev.penstock.task.Lane;
import java.nio.ByteBuffer;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What happened, minute by minute. The histograms are kept as longs, one after the other. */
final class SqliteHistory {
  private static final Duration KEPT = Duration.ofDays(1);

  private static final String COLUMNS =
      "minute, lane, submitted, completed, failed, cancelled, waited, ran";

  private static final String ONE =
      "SELECT " + COLUMNS + " FROM history WHERE minute = ? AND lane = ?";

  private static final String SINCE =
      "SELECT " + COLUMNS + " FROM history WHERE minute >= ? ORDER BY minute, lane";

  private static final String PUT =
      "INSERT OR REPLACE INTO history (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

  private static final String FORGET = "DELETE FROM history WHERE minute < ?";

  private SqliteHistory() {}

  /** Adds to what is known of each minute, then forgets the old; how many rows that were. */
  static int add(SqliteConnection connection, List<LaneMinute> minutes, Instant now)
      throws SQLException {
    for (LaneMinute minute : minutes) {
      put(connection, plus(connection, minute));
    }
    return Columns.bind(connection.prepare(FORGET), Micros.of(now.minus(KEPT))).executeUpdate();
  }

  private static LaneMinute plus(SqliteConnection connection, LaneMinute more) throws SQLException {
    PreparedStatement one =
        Columns.bind(connection.prepare(ONE), Micros.of(more.minute()), more.lane());
    return Columns.first(one, SqliteHistory::read).map(known -> known.plus(more)).orElse(more);
  }

  private static void put(SqliteConnection connection, LaneMinute minute) throws SQLException {
    Columns.bind(
            connection.prepare(PUT),
            Micros.of(minute.minute()),
            minute.lane(),
            minute.submitted(),
            minute.completed(),
            minute.failed(),
            minute.cancelled(),
            bytes(minute.waited()),
            bytes(minute.ran()))
        .executeUpdate();
  }

  static List<LaneMinute> since(SqliteConnection connection, Instant since) throws SQLException {
    return Columns.all(
        Columns.bind(connection.prepare(SINCE), Micros.of(since)), SqliteHistory::read);
  }

  private static LaneMinute read(Columns row) throws SQLException {
    return new LaneMinute(
        Micros.toInstant(row.number()),
        Lane.of(row.text()),
        row.number(),
        row.number(),
        row.number(),
        row.number(),
        latencies(row.bytes()),
        latencies(row.bytes()));
  }

  private static byte[] bytes(Latencies latencies) {
    ByteBuffer bytes = ByteBuffer.allocate(Latencies.BUCKETS * Long.BYTES);
    bytes.asLongBuffer().put(latencies.counts());
    return bytes.array();
  }

  private static Latencies latencies(byte[] bytes) {
    long[] counts = new long[Latencies.BUCKETS];
    ByteBuffer.wrap(bytes).asLongBuffer().get(counts);
    return new Latencies(counts);
  }
}
