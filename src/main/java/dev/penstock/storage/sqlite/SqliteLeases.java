package dev.penstock.storage.sqlite;

import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.Step;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Gives the right to run tasks, prolongs it, and takes it back when it has lapsed. */
final class SqliteLeases {
  private static final String CLAIM =
      """
      UPDATE tasks SET state = 1, ready = 0, due = NULL, runs = runs + 1, token = ?,
        lease_until = ?, worker = ?, started_at = ?,
        progress_done = NULL, progress_total = NULL, progress_message = NULL
      WHERE id = ? AND state = 0 AND ready = 1 AND (lost = 0 OR ?)
        AND (start_by IS NULL OR start_by > ?)
      RETURNING seq, lane, beside, runs
      """;

  private static final String HELD =
      "SELECT seq FROM tasks WHERE id = ? AND token = ? AND state = 1";

  private static final String STATE =
      "SELECT state, ready, coalesce(start_by <= ?, 0) FROM tasks WHERE id = ?";

  private static final String EXTEND =
      """
      UPDATE tasks SET lease_until = ?, progress_done = coalesce(?, progress_done),
        progress_total = coalesce(?, progress_total),
        progress_message = coalesce(?, progress_message)
      WHERE id = ? AND token = ? AND state = 1
      """;

  private static final String LAPSED =
      """
      SELECT seq, lane, lost, input_bytes FROM tasks INDEXED BY tasks_leased
      WHERE state = 1 AND lease_until < ? ORDER BY lease_until LIMIT ?
      """;

  private static final String LOSE =
      """
      UPDATE tasks SET state = 0, ready = 1, lost = lost + 1, token = NULL, lease_until = NULL,
        started_at = NULL, queued_at = ?, start_by = NULL
      WHERE seq = ?
      """;

  private static final String GIVE_UP =
      """
      UPDATE tasks SET state = 3, lost = lost + 1, token = NULL, lease_until = NULL,
        finished_at = ?, expires_at = CASE WHEN parent IS NULL THEN ? + keep_failed END,
        error_code = ?, error_message = ?, start_by = NULL
      WHERE seq = ?
      RETURNING seq, lane, beside
      """;

  private SqliteLeases() {}

  private record ClaimedRow(Changed task, long runs) {}

  static Claim claim(
      SqliteConnection connection,
      TaskId id,
      String worker,
      Duration lease,
      boolean alone,
      Instant now,
      Instant wall)
      throws SQLException {
    String token = Lease.newToken();
    long until = Micros.of(now) + Micros.of(lease);
    PreparedStatement claim =
        Columns.bind(
            connection.prepare(CLAIM),
            token,
            until,
            worker,
            Micros.of(now),
            id,
            alone ? 1 : 0,
            Micros.of(wall));
    ClaimedRow claimed =
        Columns.first(claim, row -> new ClaimedRow(Changed.read(row), row.number())).orElse(null);
    if (claimed == null) {
      return refusal(connection, id, wall);
    }
    Changed task = claimed.task();
    Changed.count(connection, task.lane(), Phase.READY, Phase.RUNNING);
    return new Claim.Claimed(
        TaskRows.get(connection, task.seq()),
        new Lease(id, token, Micros.toInstant(until)),
        claimed.runs(),
        task.beside() ? SqliteCheckpoints.find(connection, task.seq()) : null);
  }

  private static Claim refusal(SqliteConnection connection, TaskId id, Instant wall)
      throws SQLException {
    return Columns.<Claim>first(
            Columns.bind(connection.prepare(STATE), Micros.of(wall), id),
            row ->
                switch (TaskRows.state(row.small())) {
                  case COMPLETED, FAILED, CANCELLED -> new Claim.Settled();
                  case PROCESSING -> new Claim.Held();
                  case PENDING -> pending(row.small() == 1, row.small() == 1);
                })
        .orElse(new Claim.Unknown(Instant.EPOCH));
  }

  private static Claim pending(boolean ready, boolean expired) {
    if (!ready) {
      return new Claim.Held();
    }
    return expired ? new Claim.Expired() : new Claim.Suspect();
  }

  /** The tasks whose leases are not held any more. */
  static Set<TaskId> extend(SqliteConnection connection, List<HeldLease> extensions, long until)
      throws SQLException {
    Set<TaskId> lost = new HashSet<>();
    for (HeldLease extension : extensions) {
      Progress progress = extension.progress();
      int held =
          Columns.bind(
                  connection.prepare(EXTEND),
                  until,
                  progress == null ? null : progress.done(),
                  progress == null ? null : progress.total(),
                  progress == null ? null : progress.message(),
                  extension.id(),
                  extension.token())
              .executeUpdate();
      if (held == 0) {
        lost.add(extension.id());
      } else if (extension.checkpoint() != null) {
        PreparedStatement find =
            Columns.bind(connection.prepare(HELD), extension.id(), extension.token());
        long seq = Columns.first(find, Columns::number).orElseThrow();
        SqliteCheckpoints.keep(connection, seq, extension.checkpoint());
      }
    }
    return lost;
  }

  private record LostRow(long seq, String lane, int lost) {}

  static Lapsed reclaim(
      SqliteConnection connection, Duration margin, int maxLost, int limit, Instant time)
      throws SQLException {
    long now = Micros.of(time);
    List<LostRow> lapsed = new ArrayList<>();
    PreparedStatement query =
        Columns.bind(connection.prepare(LAPSED), now - Micros.of(margin), limit);
    try (ResultSet rows = query.executeQuery()) {
      long bytes = 0;
      while (bytes < TaskRows.MOST_BYTES && rows.next()) {
        Columns row = new Columns(rows);
        lapsed.add(new LostRow(row.number(), row.text(), row.small() + 1));
        bytes += row.number();
      }
    }
    List<TaskSpec> ready = new ArrayList<>();
    List<Task> failed = new ArrayList<>();
    for (LostRow row : lapsed) {
      SqliteSteps.add(connection, row.seq(), Step.Kind.LOST, time, null);
      if (row.lost() > maxLost) {
        String message = "its worker vanished " + row.lost() + " times while running it";
        PreparedStatement giveUp =
            Columns.bind(
                connection.prepare(GIVE_UP),
                now,
                now,
                TaskError.Code.LEASE_LOST.name(),
                message,
                row.seq());
        Changed given = Changed.by(giveUp);
        if (given != null && given.beside()) {
          SqliteFamilies.parentEnded(connection, row.seq());
        }
        Changed.count(connection, row.lane(), Phase.RUNNING, Phase.FAILED);
        failed.add(TaskRows.get(connection, row.seq()));
      } else {
        Columns.bind(connection.prepare(LOSE), now, row.seq()).executeUpdate();
        Changed.count(connection, row.lane(), Phase.RUNNING, Phase.READY);
        ready.add(TaskRows.get(connection, row.seq()).spec());
      }
    }
    return new Lapsed(ready, failed);
  }
}
