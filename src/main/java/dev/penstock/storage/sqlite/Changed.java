package dev.penstock.storage.sqlite;

import dev.penstock.storage.Phase;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The task that a statement changed, which answers its {@code seq} and {@code lane}. */
record Changed(long seq, String lane) {

  /** The one that the statement changes; null when it changes none. */
  static @Nullable Changed by(PreparedStatement statement) throws SQLException {
    return Columns.first(statement, row -> new Changed(row.number(), row.text())).orElse(null);
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
