package dev.penstock.storage.sqlite;

import dev.penstock.core.NewChild;
import dev.penstock.storage.ChildStore.Ended;
import dev.penstock.storage.TaskMessage;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lists that parents have of their children, each by the number of the parent's row. */
final class SqliteFamilies {
  private static final String BESIDE =
      "UPDATE tasks SET beside = 1 WHERE seq = ? AND beside IS NULL";

  private static final String ADD =
      """
      INSERT INTO task_children (parent, id, key, state) VALUES (?, ?, ?, 0)
      ON CONFLICT (parent, id) DO NOTHING
      """;

  private static final String KEEP_NEW =
      "INSERT OR REPLACE INTO new_children (id, since, task) VALUES (?, ?, ?)";

  private static final String FORGET_NEW = "DELETE FROM new_children WHERE id = ?";

  private static final String LISTED = "SELECT 1 FROM task_children WHERE parent = ? AND id = ?";

  private static final String OPEN =
      """
      SELECT count(*) FROM task_children INDEXED BY task_children_open
      WHERE parent = ? AND state < 2
      """;

  private static final String OPEN_IDS =
      """
      SELECT id FROM task_children INDEXED BY task_children_open
      WHERE parent = ? AND state < 2 AND state = 1 ORDER BY id LIMIT ?
      """;

  private static final String INSERTED =
      "UPDATE task_children SET state = 1 WHERE parent = ? AND id = ? AND state = 0";

  private static final String ENDED =
      "UPDATE task_children SET state = ? WHERE parent = ? AND id = ? AND state < 2";

  private static final String READ =
      "DELETE FROM task_children WHERE parent = ? AND id = ? AND state >= 2";

  private static final String UNREAD =
      """
      SELECT id, key, state FROM task_children
      WHERE parent = ? AND id > ? AND state >= 2 ORDER BY id LIMIT ?
      """;

  private static final String FORGET_ALL_NEW =
      """
      DELETE FROM new_children WHERE id IN (
        SELECT id FROM task_children INDEXED BY task_children_open
        WHERE parent = ? AND state < 2 AND state = 0)
      """;

  private static final String NONE_IS_NEW =
      """
      UPDATE task_children INDEXED BY task_children_open SET state = 1
      WHERE parent = ? AND state < 2 AND state = 0
      """;

  private static final String ABANDON =
      """
      INSERT OR IGNORE INTO abandoning (seq)
      SELECT ?1 WHERE EXISTS (SELECT 1 FROM task_children INDEXED BY task_children_open
        WHERE parent = ?1 AND state < 2)
      """;

  private static final String ABANDON_NOBODY = "DELETE FROM abandoning WHERE seq = ?";

  private static final String REOPEN =
      "UPDATE task_children SET state = 1 WHERE parent = ? AND state >= 3 RETURNING id";

  private SqliteFamilies() {}

  /** Says of a task that something of it lies in other tables: only then is it looked for. */
  static void beside(SqliteConnection connection, long seq) throws SQLException {
    Columns.bind(connection.prepare(BESIDE), seq).executeUpdate();
  }

  static boolean listed(SqliteConnection connection, long parent, TaskId child)
      throws SQLException {
    return Columns.any(Columns.bind(connection.prepare(LISTED), parent, child));
  }

  /** Lists a new child; false: it is listed already. */
  static boolean add(SqliteConnection connection, long parent, NewChild child, long now)
      throws SQLException {
    TaskId id = child.spec().id();
    if (Columns.bind(connection.prepare(ADD), parent, id, child.key()).executeUpdate() == 0) {
      return false;
    }
    Columns.bind(connection.prepare(KEEP_NEW), id, now, TaskMessage.encode(child.spec()))
        .executeUpdate();
    return true;
  }

  /** How many are new or open. */
  static int open(SqliteConnection connection, long parent) throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(OPEN), parent), Columns::small)
        .orElseThrow();
  }

  /** Those that are open, without the new ones. */
  static List<TaskId> open(SqliteConnection connection, long parent, int limit)
      throws SQLException {
    return Columns.all(Columns.bind(connection.prepare(OPEN_IDS), parent, limit), Columns::id);
  }

  /** False: it is not listed as new. */
  static boolean inserted(SqliteConnection connection, long parent, TaskId child)
      throws SQLException {
    boolean opened = Columns.bind(connection.prepare(INSERTED), parent, child).executeUpdate() == 1;
    if (opened) {
      Columns.bind(connection.prepare(FORGET_NEW), child).executeUpdate();
    }
    return opened;
  }

  /** False: it is not listed as new or open. */
  static boolean ended(SqliteConnection connection, long parent, TaskId child, TaskState state)
      throws SQLException {
    boolean ended =
        Columns.bind(connection.prepare(ENDED), TaskRows.code(state), parent, child).executeUpdate()
            == 1;
    if (ended) {
      Columns.bind(connection.prepare(FORGET_NEW), child).executeUpdate();
    }
    return ended;
  }

  static void read(SqliteConnection connection, long parent, TaskId child) throws SQLException {
    Columns.bind(connection.prepare(READ), parent, child).executeUpdate();
  }

  static List<Ended> unread(
      SqliteConnection connection, long parent, @Nullable TaskId after, int limit)
      throws SQLException {
    return Columns.all(
        Columns.bind(connection.prepare(UNREAD), parent, after == null ? "" : after.value(), limit),
        row -> new Ended(row.id(), row.text(), TaskRows.state(row.small())));
  }

  /** Its new children are open from now on, for their tasks may be there. */
  static void parentEnded(SqliteConnection connection, long parent) throws SQLException {
    Columns.bind(connection.prepare(FORGET_ALL_NEW), parent).executeUpdate();
    Columns.bind(connection.prepare(NONE_IS_NEW), parent).executeUpdate();
    Columns.bind(connection.prepare(ABANDON), parent).executeUpdate();
  }

  /** It runs again, or has no open children any more. */
  static void abandonsNobody(SqliteConnection connection, long parent) throws SQLException {
    Columns.bind(connection.prepare(ABANDON_NOBODY), parent).executeUpdate();
  }

  static List<TaskId> reopen(SqliteConnection connection, long parent) throws SQLException {
    return Columns.all(Columns.bind(connection.prepare(REOPEN), parent), Columns::id);
  }
}
