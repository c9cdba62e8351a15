package dev.penstock.storage.sqlite;

import dev.penstock.task.Lane;
import java.sql.ResultSet;
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
    Set<Lane> paused = new HashSet<>();
    try (ResultSet rows = connection.prepare(PAUSED).executeQuery()) {
      while (rows.next()) {
        paused.add(Lane.of(rows.getString(1)));
      }
    }
    return paused;
  }

  /** How many lanes changed: none when it was so already. */
  static int pause(SqliteConnection connection, Lane lane, boolean paused) throws SQLException {
    return Columns.bind(connection.prepare(paused ? PAUSE : RESUME), lane.name()).executeUpdate();
  }
}
