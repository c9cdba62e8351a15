package dev.penstock.storage.sqlite;

import dev.penstock.task.TaskId;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lets the records of ended children go. */
final class SqliteReleases {
  private static final String RELEASE =
      """
      UPDATE tasks SET expires_at = ? + CASE state WHEN 3 THEN keep_failed ELSE keep_completed END
      WHERE id = ? AND state >= 2 AND expires_at IS NULL AND parent = coalesce(?, parent)
      """;

  private static final String KEPT =
      """
      SELECT t.seq, t.id, EXISTS (SELECT 1 FROM tasks p
        CROSS JOIN task_children c ON c.parent = p.seq AND c.id = t.id
        WHERE p.id = t.parent AND p.state <> 2)
      FROM tasks t INDEXED BY tasks_expiring
      WHERE t.state >= 2 AND t.expires_at IS NULL AND t.seq > ? ORDER BY t.seq LIMIT ?
      """;

  private SqliteReleases() {}

  /**
   * How many there were to release.
   *
   * @param parent whose children; null: anybody's
   */
  static int release(
      SqliteConnection connection, @Nullable TaskId parent, List<TaskId> children, long now)
      throws SQLException {
    int released = 0;
    for (TaskId child : children) {
      released += Columns.bind(connection.prepare(RELEASE), now, child, parent).executeUpdate();
    }
    return released;
  }

  /**
   * A look at some of those that are kept.
   *
   * @param forgotten those that nobody needs
   * @param last the row to go on behind; 0: begin again
   */
  record Look(List<TaskId> forgotten, long last) {}

  static Look look(SqliteConnection connection, long after, int limit) throws SQLException {
    List<TaskId> forgotten = new ArrayList<>();
    List<Long> looked =
        Columns.all(
            Columns.bind(connection.prepare(KEPT), after, limit),
            row -> {
              long seq = row.number();
              TaskId id = row.id();
              if (row.small() == 0) {
                forgotten.add(id);
              }
              return seq;
            });
    return new Look(forgotten, looked.size() < limit ? 0 : looked.getLast());
  }
}
