package dev.penstock.storage.sqlite;

import dev.penstock.storage.Phase;
import dev.penstock.task.TaskId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Deletes tasks and all that belongs to them. */
final class SqliteDeletions {
  /** Rows deleted in one go: big inputs make even this many a piece of work. */
  private static final int AT_A_TIME = 100;

  private static final String UNPROMISED =
      """
      DELETE FROM tasks WHERE id = ? AND state = 0 AND runs = 0 AND met IS NULL
      RETURNING lane, state, ready
      """;

  private static final String EXPIRED =
      """
      DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_expiring
        WHERE state >= 2 AND expires_at <= ? AND seq NOT IN (SELECT seq FROM abandoning)
        ORDER BY expires_at LIMIT ?)
      RETURNING lane, state, ready
      """;

  private static final String OLDEST =
      """
      DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_completed
        WHERE state = 2 AND expires_at IS NOT NULL AND seq NOT IN (SELECT seq FROM abandoning)
        ORDER BY finished_at LIMIT ?)
      RETURNING lane, state, ready
      """;

  private SqliteDeletions() {}

  static boolean unpromised(SqliteDatabase database, TaskId id) {
    return database.write(
            Durability.SYNCED,
            connection -> delete(connection, Columns.bind(connection.prepare(UNPROMISED), id)))
        > 0;
  }

  static int expired(SqliteDatabase database, long now, int limit) {
    return inSteps(
        database,
        limit,
        (connection, rows) -> Columns.bind(connection.prepare(EXPIRED), now, rows));
  }

  static int oldestCompleted(SqliteDatabase database, int limit) {
    return inSteps(
        database, limit, (connection, rows) -> Columns.bind(connection.prepare(OLDEST), rows));
  }

  private interface Deletion {
    PreparedStatement of(SqliteConnection connection, int rows) throws SQLException;
  }

  private static int inSteps(SqliteDatabase database, int limit, Deletion deletion) {
    int deleted = 0;
    while (deleted < limit) {
      int rows = Math.min(AT_A_TIME, limit - deleted);
      int step =
          database.write(
              Durability.RELAXED, connection -> delete(connection, deletion.of(connection, rows)));
      deleted += step;
      if (step < rows) {
        break;
      }
    }
    return deleted;
  }

  /** Runs a deletion that returns lane, state and ready of each row; how many there were. */
  private static int delete(SqliteConnection connection, PreparedStatement deletion)
      throws SQLException {
    int deleted = 0;
    try (ResultSet rows = deletion.executeQuery()) {
      while (rows.next()) {
        Phase phase = Phase.of(TaskRows.state(rows.getInt(2)), rows.getInt(3) == 1);
        Changed.add(connection, rows.getString(1), phase, -1);
        deleted++;
      }
    }
    return deleted;
  }
}
