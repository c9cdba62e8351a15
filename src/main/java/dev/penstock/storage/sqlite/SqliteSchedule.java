package dev.penstock.storage.sqlite;

import dev.penstock.storage.Phase;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes tasks ready whose time has come. */
final class SqliteSchedule {
  private static final String STEADILY =
      """
      tasks INDEXED BY tasks_due_steadily
      WHERE state = 0 AND ready = 0 AND (due IS NOT run_at OR run_at % 1000 <> 0)
      """;

  private static final String BY_WALL =
      """
      tasks INDEXED BY tasks_due_by_wall
      WHERE state = 0 AND ready = 0 AND due = run_at AND run_at % 1000 = 0
      """;

  private static final String ANY = "SELECT 1 FROM %s AND due <= ? LIMIT 1";

  private static final String SOME =
      "SELECT seq, lane, beside, input_bytes FROM %s AND due <= ? ORDER BY due LIMIT ?";

  private static final String ANY_STEADILY = ANY.replace("%s", STEADILY);
  private static final String ANY_BY_WALL = ANY.replace("%s", BY_WALL);
  private static final String SOME_STEADILY = SOME.replace("%s", STEADILY);
  private static final String SOME_BY_WALL = SOME.replace("%s", BY_WALL);

  private static final String PROMOTE =
      "UPDATE tasks SET ready = 1, due = NULL, queued_at = ? WHERE seq = ?";

  private static final String LONGEST_WAITING =
      """
      SELECT seq FROM tasks INDEXED BY tasks_ready WHERE ready = 1 AND lane = ?
      ORDER BY coalesce(queued_at, created_at), seq LIMIT ?
      """;

  private SqliteSchedule() {}

  static List<Task> longestWaiting(SqliteConnection connection, Lane lane, int limit)
      throws SQLException {
    List<Long> found =
        Columns.all(
            Columns.bind(connection.prepare(LONGEST_WAITING), lane, limit), Columns::number);
    List<Task> tasks = new ArrayList<>(found.size());
    for (long seq : found) {
      tasks.add(TaskRows.getBrief(connection, seq, null));
    }
    return tasks;
  }

  /**
   * @param now the store's time
   * @param wall what the wall clock says
   */
  static boolean anyDue(SqliteConnection connection, long now, long wall) throws SQLException {
    return Columns.any(Columns.bind(connection.prepare(ANY_STEADILY), now))
        || Columns.any(Columns.bind(connection.prepare(ANY_BY_WALL), wall));
  }

  static List<TaskSpec> promote(SqliteConnection connection, int limit, long now, long wall)
      throws SQLException {
    List<Changed> due = Changed.some(Columns.bind(connection.prepare(SOME_STEADILY), now, limit));
    if (due.size() < limit) {
      int left = limit - due.size();
      due.addAll(Changed.some(Columns.bind(connection.prepare(SOME_BY_WALL), wall, left)));
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
