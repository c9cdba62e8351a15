package dev.penstock.store;

import dev.penstock.sqlite.SqliteConnection;
import dev.penstock.task.TaskSpec;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes tasks ready whose time has come. */
final class SqliteSchedule {
  private static final String ANY_DUE =
      "SELECT 1 FROM tasks INDEXED BY tasks_due WHERE state = 0 AND ready = 0 AND due <= ? LIMIT 1";

  private static final String PROMOTE =
      """
      UPDATE tasks SET ready = 1, due = NULL, queued_at = ?
      WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_due
        WHERE state = 0 AND ready = 0 AND due <= ? ORDER BY due LIMIT ?)
      RETURNING seq, lane
      """;

  private SqliteSchedule() {}

  static boolean anyDue(SqliteConnection connection, long now) throws SQLException {
    try (ResultSet rows = Columns.bind(connection.prepare(ANY_DUE), now).executeQuery()) {
      return rows.next();
    }
  }

  static List<TaskSpec> promote(SqliteConnection connection, int limit, long now)
      throws SQLException {
    List<Changed> promoted = new ArrayList<>();
    PreparedStatement promote = Columns.bind(connection.prepare(PROMOTE), now, now, limit);
    try (ResultSet rows = promote.executeQuery()) {
      while (rows.next()) {
        promoted.add(new Changed(rows.getLong(1), rows.getString(2)));
      }
    }
    List<TaskSpec> specs = new ArrayList<>(promoted.size());
    for (Changed task : promoted) {
      Changed.count(connection, task.lane(), Phase.SCHEDULED, Phase.READY);
      specs.add(TaskRows.get(connection, task.seq()).spec());
    }
    return specs;
  }
}
