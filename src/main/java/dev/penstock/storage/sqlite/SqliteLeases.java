package dev.penstock.storage.sqlite;

import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Taking;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Gives the right to run tasks, and prolongs it. */
final class SqliteLeases {
  private static final String CLAIM =
      """
      UPDATE tasks SET state = 1, ready = 0, due = NULL, runs = runs + 1, token = ?,
        lease_until = ?, worker = ?, started_at = ?,
        progress_done = NULL, progress_total = NULL, progress_message = NULL,
        apart = CASE WHEN deaths >= 2 AND ? THEN 1 END
      WHERE id = ? AND state = 0 AND ready = 1 AND (deaths < 2 OR ?)
        AND (start_by IS NULL OR start_by > ?)
      RETURNING seq, lane, beside, runs, deaths, start_by IS NULL
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

  private SqliteLeases() {}

  private record ClaimedRow(Changed task, long runs, int deaths, boolean begun) {}

  static Claim claim(
      SqliteConnection connection,
      TaskId id,
      String worker,
      Duration lease,
      Taking suspects,
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
            suspects == Taking.APART ? 1 : 0,
            id,
            suspects == Taking.NONE ? 0 : 1,
            Micros.of(wall));
    ClaimedRow claimed =
        Columns.first(
                claim,
                row ->
                    new ClaimedRow(Changed.read(row), row.number(), row.small(), row.small() == 1))
            .orElse(null);
    if (claimed == null) {
      return refusal(connection, id, wall);
    }
    Changed task = claimed.task();
    Changed.count(connection, task.lane(), Phase.READY, Phase.RUNNING);
    Task found = TaskRows.get(connection, task.seq());
    return new Claim.Claimed(
        claimed.begun() ? found.begun() : found,
        new Lease(id, token, Micros.toInstant(until)),
        claimed.runs(),
        task.beside() ? SqliteCheckpoints.find(connection, task.seq()) : null,
        claimed.deaths());
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
  static Set<TaskId> extend(
      SqliteConnection connection,
      CheckpointNumbers numbers,
      List<HeldLease> extensions,
      long until)
      throws SQLException {
    Set<TaskId> lost = new HashSet<>();
    for (HeldLease extension : extensions) {
      Progress progress = extension.progress();
      Checkpoint left = extension.checkpoint();
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
      } else if (left != null && !numbers.late(extension.token(), left)) {
        PreparedStatement find =
            Columns.bind(connection.prepare(HELD), extension.id(), extension.token());
        long seq = Columns.first(find, Columns::number).orElseThrow();
        SqliteCheckpoints.keep(connection, seq, left);
        numbers.kept(extension.token(), left);
      }
    }
    return lost;
  }
}
