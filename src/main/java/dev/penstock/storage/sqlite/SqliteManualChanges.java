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
      "SELECT seq, lane, state, ready, worker, wake_at, run_at, input_gone FROM tasks WHERE id = ?";

  private static final String CANCEL =
      """
      UPDATE tasks SET state = 4, ready = 0, due = NULL, token = NULL, lease_until = NULL,
        settled_token = NULL, finished_at = ?,
        expires_at = CASE WHEN parent IS NULL THEN ? + keep_completed END,
        wake_at = NULL, wake_until = NULL, wake_on_failure = NULL,
        start_by = CASE WHEN state = 1 THEN NULL ELSE start_by END
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

  private static final String ANY_UNBEGUN =
      """
      SELECT 1 FROM tasks INDEXED BY tasks_starting
      WHERE start_by IS NOT NULL AND state = 0 AND start_by <= ? LIMIT 1
      """;

  private static final String UNBEGUN =
      """
      SELECT seq, lane, ready FROM tasks INDEXED BY tasks_starting
      WHERE start_by IS NOT NULL AND state = 0 AND start_by <= ? ORDER BY start_by LIMIT ?
      """;

  private static final String NEW_START =
      "UPDATE tasks SET start_before = ?, start_by = ? WHERE seq = ?";

  private static final String NEEDS_START = "SELECT 1 FROM tasks WHERE seq = ? AND start_by <= ?";

  /**
   * As if it had been claimed once more: its next message is another than its last. Ready, unless
   * it has a time to wait for.
   */
  private static final String RETRY =
      """
      UPDATE tasks SET state = 0, ready = ?, due = ?, runs = runs + 1, attempts = 0,
        lost = min(lost, 1), deaths = min(deaths, 2), put_off = NULL, token = NULL, settled_token = NULL,
        worker = NULL, started_at = NULL, finished_at = NULL,
        expires_at = NULL, progress_done = NULL, progress_total = NULL, progress_message = NULL,
        error_code = NULL, error_message = NULL, queued_at = ?
      WHERE seq = ?
      RETURNING seq, lane, beside
      """;

  private SqliteManualChanges() {}

  private record Found(
      long seq,
      String lane,
      Phase phase,
      @Nullable String worker,
      @Nullable Long runAt,
      boolean inputGone) {

    /** Until when it has to wait as it was asked to; null: it has not, or no longer. */
    @Nullable Long dueAfter(Instant now) {
      return runAt == null || runAt <= Micros.of(now) ? null : runAt;
    }
  }

  private static @Nullable Found find(SqliteConnection connection, TaskId id) throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(FIND), id), SqliteManualChanges::read)
        .orElse(null);
  }

  private static Found read(Columns row) throws SQLException {
    long seq = row.number();
    String lane = row.text();
    Phase phase = Phase.of(TaskRows.state(row.small()), row.small() == 1);
    String worker = row.textOrNull();
    Phase found = row.numberOrNull() == null ? phase : Phase.WAITING;
    return new Found(seq, lane, found, worker, row.numberOrNull(), row.numberOrNull() != null);
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

  static boolean anyUnbegun(SqliteConnection connection, Instant wall) throws SQLException {
    return Columns.any(Columns.bind(connection.prepare(ANY_UNBEGUN), Micros.of(wall)));
  }

  private record Unbegun(long seq, String lane, Phase phase) {}

  static List<Task> expireUnbegun(SqliteConnection connection, int limit, Instant now, Instant wall)
      throws SQLException {
    List<Unbegun> some =
        Columns.all(
            Columns.bind(connection.prepare(UNBEGUN), Micros.of(wall), limit),
            row ->
                new Unbegun(
                    row.number(), row.text(), row.small() == 1 ? Phase.READY : Phase.SCHEDULED));
    List<Task> expired = new ArrayList<>(some.size());
    for (Unbegun task : some) {
      cancel(connection, task.seq(), task.lane(), task.phase(), now);
      expired.add(TaskRows.getBrief(connection, task.seq(), null));
    }
    return expired;
  }

  /** False: it had not begun by the time it was to, and is given no new one. */
  private static boolean mayStart(
      SqliteConnection connection, long seq, @Nullable Instant startBefore, Instant now)
      throws SQLException {
    if (startBefore == null) {
      return !Columns.any(Columns.bind(connection.prepare(NEEDS_START), seq, Micros.of(now)));
    }
    long time = Micros.of(startBefore);
    Columns.bind(connection.prepare(NEW_START), time, time, seq).executeUpdate();
    return true;
  }

  static RetryResult retry(
      SqliteConnection connection,
      TaskId id,
      @Nullable Instant startBefore,
      Instant now,
      Instant wall)
      throws SQLException {
    Found found = find(connection, id);
    if (found == null) {
      return new RetryResult.Unknown();
    }
    if (found.inputGone()) {
      return new RetryResult.InputGone();
    }
    return switch (found.phase()) {
      case FAILED, CANCELLED -> {
        if (!mayStart(connection, found.seq(), startBefore, wall)) {
          yield new RetryResult.NeedsStart();
        }
        SqliteSteps.add(connection, found.seq(), Step.Kind.RETRIED, now, null);
        Long due = found.dueAfter(wall);
        Changed retried =
            Changed.by(
                Columns.bind(
                    connection.prepare(RETRY),
                    due == null ? 1 : 0,
                    due,
                    Micros.of(now),
                    found.seq()));
        if (retried != null && retried.beside()) {
          SqliteFamilies.abandonsNobody(connection, found.seq());
        }
        Changed.count(
            connection, found.lane(), found.phase(), due == null ? Phase.READY : Phase.SCHEDULED);
        yield new RetryResult.Now(TaskRows.get(connection, found.seq()));
      }
      case READY, SCHEDULED, RUNNING, WAITING, COMPLETED ->
          new RetryResult.Otherwise(TaskRows.getBrief(connection, found.seq(), null));
    };
  }
}
