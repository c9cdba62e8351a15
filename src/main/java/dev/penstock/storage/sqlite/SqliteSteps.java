package dev.penstock.storage.sqlite;

import dev.penstock.core.Step;
import dev.penstock.storage.KeptError;
import dev.penstock.storage.Micros;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What tasks went through. Nothing is written of a run that succeeds. */
final class SqliteSteps {
  private static final String ADD =
      """
      INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message)
      SELECT seq, 1 + coalesce((SELECT max(n) FROM task_steps WHERE seq = t.seq), 0), ?, ?,
        CASE state WHEN 1 THEN started_at END,
        CASE WHEN state = 1 AND wake_at IS NULL THEN worker END, ?, ?
      FROM tasks t WHERE seq = ?
      RETURNING n
      """;

  private static final String TRIM = "DELETE FROM task_steps WHERE seq = ? AND n <= ?";

  private static final String READ =
      """
      SELECT s.kind, s.at, s.started_at, s.worker, s.error_code, s.error_message
      FROM tasks t JOIN task_steps s ON s.seq = t.seq
      WHERE t.id = ? ORDER BY s.n
      """;

  private SqliteSteps() {}

  /** To be called before the task changes: its run, if it has one, is what ends here. */
  static void add(
      SqliteConnection connection, long seq, Step.Kind kind, Instant at, @Nullable TaskError error)
      throws SQLException {
    PreparedStatement add =
        Columns.bind(
            connection.prepare(ADD),
            kind.name(),
            Micros.of(at),
            error == null ? null : error.code().name(),
            error == null ? null : error.message(),
            seq);
    long n = Columns.first(add, Columns::number).orElse(0L);
    if (n > Step.MOST) {
      Columns.bind(connection.prepare(TRIM), seq, n - Step.MOST).executeUpdate();
    }
  }

  static List<Step> read(SqliteConnection connection, TaskId id) throws SQLException {
    return Columns.all(
        Columns.bind(connection.prepare(READ), id),
        row ->
            new Step(
                Step.Kind.valueOf(row.text()),
                Micros.toInstant(row.number()),
                TaskRows.instant(row.numberOrNull()),
                row.textOrNull(),
                KeptError.of(row.textOrNull(), row.textOrNull())));
  }
}
