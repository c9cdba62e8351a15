package dev.penstock.storage.sqlite;

import dev.penstock.core.Awaiting;
import dev.penstock.core.NewChild;
import dev.penstock.storage.ChildStore.End;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Has parents wait for their children, and wakes them. */
final class SqliteAwaits {
  private static final String AWAIT =
      """
      UPDATE tasks SET token = NULL, lease_until = NULL, settled_token = token, started_at = NULL,
        wake_at = ?, wake_until = ?, wake_on_failure = ?, start_by = NULL
      WHERE seq = ?
      RETURNING seq, lane, beside
      """;

  private static final String PARENT =
      "SELECT seq, lane, state, wake_at, wake_on_failure FROM tasks WHERE id = ?";

  private static final String WAKE =
      """
      UPDATE tasks SET state = 0, ready = 1, queued_at = ?, wake_at = NULL, wake_until = NULL,
        wake_on_failure = NULL
      WHERE seq = ?
      """;

  private static final String ANY_DUE =
      "SELECT 1 FROM tasks INDEXED BY tasks_waking WHERE wake_until <= ? LIMIT 1";

  private static final String DUE =
      """
      SELECT seq, lane, beside, input_bytes FROM tasks INDEXED BY tasks_waking
      WHERE wake_until <= ? ORDER BY wake_until LIMIT ?
      """;

  private SqliteAwaits() {}

  /** Whether the task would have more open children than one may have. */
  static boolean tooMany(SqliteConnection connection, long seq, Awaiting awaiting)
      throws SQLException {
    if (awaiting.children().isEmpty()) {
      return false;
    }
    int open = SqliteFamilies.open(connection, seq);
    if (open + awaiting.children().size() <= Outcome.Await.MOST_OPEN) {
      return false;
    }
    Set<TaskId> added = new HashSet<>();
    for (NewChild child : awaiting.children()) {
      if (!SqliteFamilies.listed(connection, seq, child.spec().id())) {
        added.add(child.spec().id());
      }
    }
    return open + added.size() > Outcome.Await.MOST_OPEN;
  }

  /** Lists these too; how many are open then. */
  static int add(SqliteConnection connection, long seq, List<NewChild> children, Instant now)
      throws SQLException {
    if (!children.isEmpty()) {
      SqliteFamilies.beside(connection, seq);
    }
    for (NewChild child : children) {
      SqliteFamilies.add(connection, seq, child, Micros.of(now));
    }
    return SqliteFamilies.open(connection, seq);
  }

  /** The run is over; nobody holds the task, and the clock does not take it back. */
  static void await(SqliteConnection connection, long seq, Awaiting awaiting, Instant now)
      throws SQLException {
    Duration atMost = awaiting.atMost();
    Changed waits =
        Changed.by(
            Columns.bind(
                connection.prepare(AWAIT),
                awaiting.wakeAt(),
                atMost == null ? null : Micros.of(now) + Micros.of(atMost),
                awaiting.wakeOnFailure() ? 1 : 0,
                seq));
    if (waits != null) {
      Changed.count(connection, waits.lane(), Phase.RUNNING, Phase.WAITING);
    }
  }

  /**
   * A parent.
   *
   * @param wakeAt null: it does not wait
   */
  record Parent(
      long seq, String lane, TaskState state, @Nullable Long wakeAt, boolean wakeOnFailure) {}

  /** Null: it is no more. */
  static @Nullable Parent find(SqliteConnection connection, TaskId id) throws SQLException {
    return Columns.first(
            Columns.bind(connection.prepare(PARENT), id),
            row ->
                new Parent(
                    row.number(),
                    row.text(),
                    TaskRows.state(row.small()),
                    row.numberOrNull(),
                    row.small() == 1))
        .orElse(null);
  }

  /** Marks children as ended; the parents that are ready for it. */
  static List<TaskSpec> ended(SqliteConnection connection, List<End> ends, Instant now)
      throws SQLException {
    Map<TaskId, List<End>> families = new LinkedHashMap<>();
    for (End end : ends) {
      families.computeIfAbsent(end.parent(), _ -> new ArrayList<>()).add(end);
    }
    List<TaskSpec> woken = new ArrayList<>();
    for (Map.Entry<TaskId, List<End>> family : families.entrySet()) {
      Parent parent = find(connection, family.getKey());
      if (parent != null && ended(connection, parent, family.getValue())) {
        woken.add(wake(connection, parent.seq(), parent.lane(), now));
      }
    }
    return woken;
  }

  /** Whether it is to be woken. */
  private static boolean ended(SqliteConnection connection, Parent parent, List<End> ends)
      throws SQLException {
    boolean any = false;
    boolean failure = false;
    for (End end : ends) {
      if (SqliteFamilies.ended(connection, parent.seq(), end.child(), end.state())) {
        any = true;
        failure |= end.state() != TaskState.COMPLETED;
      }
    }
    Long wakeAt = parent.wakeAt();
    if (!any || (wakeAt == null && !parent.state().ended())) {
      return false;
    }
    if (wakeAt != null) {
      return (failure && parent.wakeOnFailure())
          || SqliteFamilies.open(connection, parent.seq()) <= wakeAt;
    }
    if (SqliteFamilies.open(connection, parent.seq()) == 0) {
      SqliteFamilies.abandonsNobody(connection, parent.seq());
    }
    return false;
  }

  private static TaskSpec wake(SqliteConnection connection, long seq, String lane, Instant now)
      throws SQLException {
    Columns.bind(connection.prepare(WAKE), Micros.of(now), seq).executeUpdate();
    Changed.count(connection, lane, Phase.WAITING, Phase.READY);
    return TaskRows.get(connection, seq).spec();
  }

  static boolean anyDue(SqliteConnection connection, long now) throws SQLException {
    return Columns.any(Columns.bind(connection.prepare(ANY_DUE), now));
  }

  static List<TaskSpec> wakeDue(SqliteConnection connection, int limit, Instant now)
      throws SQLException {
    List<Changed> due = Changed.some(Columns.bind(connection.prepare(DUE), Micros.of(now), limit));
    List<TaskSpec> woken = new ArrayList<>(due.size());
    for (Changed task : due) {
      woken.add(wake(connection, task.seq(), task.lane(), now));
    }
    return woken;
  }
}
