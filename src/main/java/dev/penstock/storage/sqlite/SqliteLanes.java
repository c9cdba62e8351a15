package dev.penstock.storage.sqlite;

import dev.penstock.task.Lane;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/** Which lanes are paused. */
final class SqliteLanes {
  private static final String PAUSED = "SELECT lane FROM paused_lanes";
  private static final String PAUSE = "INSERT OR IGNORE INTO paused_lanes (lane) VALUES (?)";
  private static final String RESUME = "DELETE FROM paused_lanes WHERE lane = ?";

  private SqliteLanes() {}

  static Set<Lane> paused(SqliteConnection connection) throws SQLException {
    return new HashSet<>(Columns.all(connection.prepare(PAUSED), row -> Lane.of(row.text())));
  }

  /** How many lanes changed: none when it was so already. */
  static int pause(SqliteConnection connection, Lane lane, boolean paused) throws SQLException {
    return Columns.bind(connection.prepare(paused ? PAUSE : RESUME), lane.name()).executeUpdate();
  }
}
