package dev.penstock.storage.sqlite;

import dev.penstock.storage.FigureSum;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads the figures from the counters, which every change of a task keeps: its cost does not grow.
 */
final class SqliteFigures {
  /**
   * Beside each counter of ready tasks, since when the oldest waits. Within a priority an owner's
   * tasks come in the order of their numbers, and one that became ready late stands before others:
   * so the first few of each are looked at. The owners are found by leaps through the index.
   */
  private static final String COUNTERS =
      """
      SELECT c.lane, c.phase, c.n,
        CASE c.phase WHEN 'READY' THEN (
          WITH RECURSIVE owners(priority, owner) AS (
            SELECT p.column1, (SELECT min(t.owner) FROM tasks t INDEXED BY tasks_ready
                WHERE t.ready = 1 AND t.lane = c.lane AND t.priority = p.column1)
              FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) p
            UNION ALL
            SELECT o.priority, (SELECT min(t.owner) FROM tasks t INDEXED BY tasks_ready
                WHERE t.ready = 1 AND t.lane = c.lane AND t.priority = o.priority
                  AND t.owner > o.owner)
              FROM owners o WHERE o.owner IS NOT NULL)
          SELECT min((SELECT min(since) FROM
            (SELECT coalesce(t.queued_at, t.created_at) AS since
              FROM tasks t INDEXED BY tasks_ready
              WHERE t.ready = 1 AND t.lane = c.lane AND t.priority = o.priority
                AND t.owner = o.owner
              ORDER BY t.seq LIMIT 20)))
          FROM owners o WHERE o.owner IS NOT NULL) END
      FROM counters c WHERE c.n > 0 ORDER BY c.lane
      """;

  private static final String LIVE_BYTES = "SELECT owner, live FROM owner_bytes WHERE live > 0";

  private SqliteFigures() {}

  static Map<String, Long> liveBytes(SqliteConnection connection) throws SQLException {
    Map<String, Long> live = new HashMap<>();
    try (ResultSet rows = connection.prepare(LIVE_BYTES).executeQuery()) {
      while (rows.next()) {
        live.put(rows.getString(1), rows.getLong(2));
      }
    }
    return live;
  }

  static TaskStore.TaskCounts read(SqliteConnection connection) throws SQLException {
    FigureSum sum = new FigureSum();
    try (ResultSet rows = connection.prepare(COUNTERS).executeQuery()) {
      while (rows.next()) {
        Columns row = new Columns(rows);
        String lane = row.text();
        sum.count(lane, Phase.valueOf(row.text()), row.number());
        Long oldest = row.numberOrNull();
        if (oldest != null) {
          sum.waitsSince(lane, Micros.toInstant(oldest));
        }
      }
    }
    return sum.figures();
  }
}
