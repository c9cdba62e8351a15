package dev.penstock.store;

import dev.penstock.sqlite.SqliteConnection;
import dev.penstock.task.TaskSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes tasks ready whose time has come. */
final class SqliteSchedule {
  private static final String ANY_DUE =
      "SELECT 1 FROM tasks INDEXED BY tasks_due WHERE state = 0 AND ready = 0 AND due <= ? LIMIT 1";

  private static final String DUE =
      """
      SELECT seq, lane, input_bytes FROM tasks INDEXED BY tasks_due
      WHERE state = 0 AND ready = 0 AND due <= ? ORDER BY due LIMIT ?
      """;

  private static final String PROMOTE =
      "UPDATE tasks SET ready = 1, due = NULL, queued_at = ? WHERE seq = ?";

  private SqliteSchedule() {}

  static boolean anyDue(SqliteConnection connection, long now) throws SQLException {
    try (ResultSet rows = Columns.bind(connection.prepare(ANY_DUE), now).executeQuery()) {
      return rows.next();
    }
  }

  static List<TaskSpec> promote(SqliteConnection connection, int limit, long now)
      throws SQLException {
    List<Changed> due = new ArrayList<>();
    try (ResultSet rows = Columns.bind(connection.prepare(DUE), now, limit).executeQuery()) {
      long bytes = 0;
      while (bytes < TaskRows.MOST_BYTES && rows.next()) {
        due.add(new Changed(rows.getLong(1), rows.getString(2)));
        bytes += rows.getLong(3);
      }
    }
    List<TaskSpec> specs = new ArrayList<>(due.size());
    for (Changed task : due) {
      Columns.bind(connection.prepare(PROMOTE), now, task.seq()).executeUpdate();
      Changed.count(connection, task.lane(), Phase.SCHEDULED, Phase.READY);
      specs.add(TaskRows.get(connection, task.seq()).spec());
    }
    return specs;
  }
}
