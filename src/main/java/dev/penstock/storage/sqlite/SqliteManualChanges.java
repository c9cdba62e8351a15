package dev.penstock.storage.sqlite;

import dev.penstock.core.CancelResult;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What people do to tasks: cancel them, and run them again. */
final class SqliteManualChanges {
  private static final String FIND =
      "SELECT seq, lane, state, ready, worker, wake_at FROM tasks WHERE id = ?";

  private static final String CANCEL =
      """
      UPDATE tasks SET state = 4, ready = 0, due = NULL, token = NULL, lease_until = NULL,
        settled_token = NULL, finished_at = ?,
        expires_at = CASE WHEN parent IS NULL THEN ? + keep_completed END,
        wake_at = NULL, wake_until = NULL, wake_on_failure = NULL
      WHERE seq = ?
      RETURNING seq, lane, beside
      """;

  /** In the order of the index: to sort them, each part would have to look at the whole lane. */
  private static final String READY =
      "SELECT seq FROM tasks INDEXED BY tasks_ready WHERE ready = 1 AND lane = ? LIMIT ?";

  private static final String SCHEDULED =
      """
      SELECT seq FROM tasks INDEXED BY tasks_due
      WHERE state = 0 AND ready = 0 AND lane = ? LIMIT ?
      """;

  /** As if it had been claimed once more: its next message is another than its last. */
  private static final String RETRY =
      """
      UPDATE tasks SET state = 0, ready = 1, runs = runs + 1, attempts = 0, lost = min(lost, 1),
        deaths = min(deaths, 2), token = NULL, settled_token = NULL, worker = NULL, started_at = NULL, finished_at = NULL,
        expires_at = NULL, progress_done = NULL, progress_total = NULL, progress_message = NULL,
        error_code = NULL, error_message = NULL, queued_at = ?
      WHERE seq = ?
      RETURNING seq, lane, beside
      """;

  private SqliteManualChanges() {}

  private record Found(long seq, String lane, Phase phase, @Nullable String worker) {}

  private static @Nullable Found find(SqliteConnection connection, TaskId id) throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(FIND), id), SqliteManualChanges::read)
        .orElse(null);
  }

  private static Found read(Columns row) throws SQLException {
    long seq = row.number();
    String lane = row.text();
    Phase phase = Phase.of(TaskRows.state(row.small()), row.small() == 1);
    String worker = row.textOrNull();
    return new Found(seq, lane, row.numberOrNull() == null ? phase : Phase.WAITING, worker);
  }

  static CancelResult cancel(SqliteConnection connection, TaskId id, Instant now)
      throws SQLException {
    Found found = find(connection, id);
    if (found == null) {
      return new CancelResult.Unknown();
    }
    if (found.phase().state().ended()) {
      return new CancelResult.Ended(TaskRows.getBrief(connection, found.seq(), null));
    }
    cancel(connection, found.seq(), found.lane(), found.phase(), now);
    return new CancelResult.Now(
        TaskRows.getBrief(connection, found.seq(), null),
        found.phase() == Phase.RUNNING ? found.worker() : null);
  }

  private static void cancel(
      SqliteConnection connection, long seq, String lane, Phase phase, Instant now)
      throws SQLException {
    SqliteSteps.add(connection, seq, Step.Kind.CANCELLED, now, null);
    Changed cancelled =
        Changed.by(Columns.bind(connection.prepare(CANCEL), Micros.of(now), Micros.of(now), seq));
    if (cancelled != null && cancelled.beside()) {
      SqliteFamilies.parentEnded(connection, seq);
    }
    Changed.count(connection, lane, phase, Phase.CANCELLED);
  }

  private record Pending(long seq, Phase phase) {}

  static List<Task> cancelPending(SqliteConnection connection, Lane lane, int limit, Instant now)
      throws SQLException {
    List<Pending> some = pending(connection, READY, Phase.READY, lane, limit);
    if (some.size() < limit) {
      int left = limit - some.size();
      some.addAll(pending(connection, SCHEDULED, Phase.SCHEDULED, lane, left));
    }
    List<Task> cancelled = new ArrayList<>(some.size());
    for (Pending pending : some) {
      cancel(connection, pending.seq(), lane.name(), pending.phase(), now);
      cancelled.add(TaskRows.getBrief(connection, pending.seq(), null));
    }
    return cancelled;
  }

  private static List<Pending> pending(
      SqliteConnection connection, String sql, Phase phase, Lane lane, int limit)
      throws SQLException {
    return Columns.all(
        Columns.bind(connection.prepare(sql), lane, limit),
        row -> new Pending(row.number(), phase));
  }

  static RetryResult retry(SqliteConnection connection, TaskId id, Instant now)
      throws SQLException {
    Found found = find(connection, id);
    if (found == null) {
      return new RetryResult.Unknown();
    }
    return switch (found.phase()) {
      case FAILED, CANCELLED -> {
        SqliteSteps.add(connection, found.seq(), Step.Kind.RETRIED, now, null);
        Changed retried =
            Changed.by(Columns.bind(connection.prepare(RETRY), Micros.of(now), found.seq()));
        if (retried != null && retried.beside()) {
          SqliteFamilies.abandonsNobody(connection, found.seq());
        }
        Changed.count(connection, found.lane(), found.phase(), Phase.READY);
        yield new RetryResult.Now(TaskRows.get(connection, found.seq()));
      }
      case READY, SCHEDULED, RUNNING, WAITING, COMPLETED ->
          new RetryResult.Otherwise(TaskRows.getBrief(connection, found.seq(), null));
    };
  }
}
