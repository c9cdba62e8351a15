package dev.penstock.storage.sqlite;

import dev.penstock.core.Checkpoint;
import dev.penstock.task.TaskId;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What runs left for the next ones. */
final class SqliteCheckpoints {
  private static final String KEEP =
      """
      INSERT INTO task_checkpoints (seq, checkpoint) VALUES (?, ?)
      ON CONFLICT (seq) DO UPDATE SET checkpoint = excluded.checkpoint
      """;

  private static final String FIND = "SELECT checkpoint FROM task_checkpoints WHERE seq = ?";
  private static final String FORGET = "DELETE FROM task_checkpoints WHERE seq = ?";

  private SqliteCheckpoints() {}

  /** Takes the place of the one before; the children that it says are read leave the list. */
  static void keep(SqliteConnection connection, long seq, Checkpoint checkpoint)
      throws SQLException {
    Columns.bind(connection.prepare(KEEP), seq, checkpoint.state()).executeUpdate();
    SqliteFamilies.beside(connection, seq);
    for (TaskId child : checkpoint.read()) {
      SqliteFamilies.read(connection, seq, child);
    }
  }

  static byte @Nullable [] find(SqliteConnection connection, long seq) throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(FIND), seq), Columns::bytes).orElse(null);
  }

  static void forget(SqliteConnection connection, long seq) throws SQLException {
    Columns.bind(connection.prepare(FORGET), seq).executeUpdate();
  }
}
