package dev.penstock.storage.sqlite;

import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.storage.Phase;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

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
      DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_oldest
        WHERE state >= 2 AND state = ? AND expires_at IS NOT NULL AND finished_at <= ?
          AND seq NOT IN (SELECT seq FROM abandoning)
        ORDER BY finished_at LIMIT ?)
      RETURNING lane, state, ready
      """;

  private static final String BY_HAND =
      """
      DELETE FROM tasks WHERE id = ? AND state >= 2 AND seq NOT IN (SELECT seq FROM abandoning)
      RETURNING lane, state, ready
      """;

  private static final String INPUTLESS =
      """
      UPDATE tasks SET input_gone = 1 WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_inputs
        WHERE state = 4 AND expires_at IS NOT NULL AND input_gone IS NULL
        ORDER BY finished_at LIMIT ?)
      RETURNING seq
      """;

  private static final String DROP_INPUT = "UPDATE task_payloads SET input = x'' WHERE seq = ?";

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

  /**
   * @param until of those that ended then or earlier
   */
  static int oldest(SqliteDatabase database, TaskState state, long until, int limit) {
    int code = TaskRows.code(state);
    return inSteps(
        database,
        limit,
        (connection, rows) -> Columns.bind(connection.prepare(OLDEST), code, until, rows));
  }

  static DeleteResult byHand(SqliteConnection connection, TaskId id) throws SQLException {
    if (delete(connection, Columns.bind(connection.prepare(BY_HAND), id)) > 0) {
      return new DeleteResult.Now();
    }
    Task task = TaskRows.glance(connection, id).map(Glance::task).orElse(null);
    if (task == null) {
      return new DeleteResult.Unknown();
    }
    return task.state().ended()
        ? new DeleteResult.Needed(null)
        : new DeleteResult.Live(task.withOutput(null));
  }

  static int cancelledInputs(SqliteDatabase database, int limit) {
    return steps(
        database,
        limit,
        (connection, rows) -> {
          List<Long> seqs =
              Columns.all(Columns.bind(connection.prepare(INPUTLESS), rows), Columns::number);
          for (long seq : seqs) {
            Columns.bind(connection.prepare(DROP_INPUT), seq).executeUpdate();
          }
          return seqs.size();
        });
  }

  private interface Deletion {
    PreparedStatement of(SqliteConnection connection, int rows) throws SQLException;
  }

  private static int inSteps(SqliteDatabase database, int limit, Deletion deletion) {
    return steps(
        database, limit, (connection, rows) -> delete(connection, deletion.of(connection, rows)));
  }

  private interface Portion {
    /** Does it with at most so many rows; says with how many. */
    int of(SqliteConnection connection, int rows) throws SQLException;
  }

  private static int steps(SqliteDatabase database, int limit, Portion portion) {
    int deleted = 0;
    while (deleted < limit) {
      int rows = Math.min(AT_A_TIME, limit - deleted);
      int step = database.write(Durability.RELAXED, connection -> portion.of(connection, rows));
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
