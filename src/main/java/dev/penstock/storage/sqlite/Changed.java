package dev.penstock.storage.sqlite;

import dev.penstock.storage.Phase;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The task that a statement changed, which answers its {@code seq} and {@code lane}. */
record Changed(long seq, String lane) {

  /** The one that the statement changes; null when it changes none. */
  static @Nullable Changed by(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      return rows.next() ? new Changed(rows.getLong(1), rows.getString(2)) : null;
    }
  }

  /** Counts a task of the lane elsewhere than before. */
  static void count(SqliteConnection connection, String lane, Phase from, Phase to) {
    add(connection, lane, from, -1);
    add(connection, lane, to, 1);
  }

  static void add(SqliteConnection connection, String lane, Phase phase, int delta) {
    connection.count(lane, phase.name(), delta);
  }
}
