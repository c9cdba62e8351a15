package dev.penstock.storage.sqlite;

import dev.penstock.core.Ending;
import dev.penstock.core.Step;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Ends runs: with a result, an error, or another try. */
final class SqliteSettles {
  private static final String HELD =
      "SELECT seq FROM tasks WHERE id = ? AND token = ? AND state = 1";

  private static final String END =
      """
      UPDATE tasks SET state = ?, attempts = attempts + 1, token = NULL, lease_until = NULL,
        settled_token = token, finished_at = ?, error_code = ?, error_message = ?,
        expires_at = ? + CASE ? WHEN 3 THEN keep_failed ELSE keep_completed END
      WHERE id = ? AND token = ? AND state = 1
      RETURNING seq, lane
      """;

  private static final String GIVE_BACK =
      """
      UPDATE tasks SET state = 0, ready = ?, due = ?, attempts = attempts + ?, token = NULL,
        lease_until = NULL, settled_token = token, started_at = NULL, queued_at = ?,
        error_code = coalesce(?, error_code), error_message = coalesce(?, error_message)
      WHERE id = ? AND token = ? AND state = 1
      RETURNING seq, lane
      """;

  private static final String OUTPUT =
      "INSERT OR REPLACE INTO task_outputs (seq, format, output) VALUES (?, ?, ?)";

  private static final String SETTLED = "SELECT 1 FROM tasks WHERE id = ? AND settled_token = ?";

  private SqliteSettles() {}

  static Settled settle(SqliteConnection connection, Settle settle, Instant now)
      throws SQLException {
    TaskId id = settle.id();
    String token = settle.token();
    Task task =
        switch (settle.ending()) {
          case Ending.Completed(var output) -> complete(connection, id, token, output, now);
          case Ending.Failed(var error) -> fail(connection, id, token, error, now);
          case Ending.Backoff(var error, var delay) ->
              keepError(connection, id, token, error, now)
                  ? giveBack(connection, id, token, error, 1, delay, now)
                  : null;
          case Ending.Waits _ -> throw new UnsupportedOperationException("TODO S1");
          case Ending.Returned(var delay) -> giveBack(connection, id, token, null, 0, delay, now);
        };
    return task != null ? new Settled.Now(task) : unsettled(connection, id, token);
  }

  private static @Nullable Task complete(
      SqliteConnection connection, TaskId id, String token, TaskOutput output, Instant now)
      throws SQLException {
    Changed ended = end(connection, id, token, TaskState.COMPLETED, null, now);
    if (ended == null) {
      return null;
    }
    Columns.bind(connection.prepare(OUTPUT), ended.seq(), output.format().name(), output.bytes())
        .executeUpdate();
    return TaskRows.getBrief(connection, ended.seq(), output);
  }

  private static @Nullable Task fail(
      SqliteConnection connection, TaskId id, String token, TaskError error, Instant now)
      throws SQLException {
    if (!keepError(connection, id, token, error, now)) {
      return null;
    }
    Changed ended = end(connection, id, token, TaskState.FAILED, error, now);
    return ended == null ? null : TaskRows.getBrief(connection, ended.seq(), null);
  }

  /** Adds the failed attempt to what the task went through; false when the token is not current. */
  private static boolean keepError(
      SqliteConnection connection, TaskId id, String token, TaskError error, Instant now)
      throws SQLException {
    Optional<Long> seq =
        Columns.first(Columns.bind(connection.prepare(HELD), id, token), Columns::number);
    if (seq.isPresent()) {
      SqliteSteps.add(connection, seq.get(), Step.Kind.FAILED, now, error);
    }
    return seq.isPresent();
  }

  private static @Nullable Changed end(
      SqliteConnection connection,
      TaskId id,
      String token,
      TaskState state,
      @Nullable TaskError error,
      Instant now)
      throws SQLException {
    int code = TaskRows.code(state);
    PreparedStatement end =
        Columns.bind(
            connection.prepare(END),
            code,
            Micros.of(now),
            error == null ? null : error.code().name(),
            error == null ? null : error.message(),
            Micros.of(now),
            code,
            id,
            token);
    Changed ended = Changed.by(end);
    if (ended != null) {
      Changed.count(connection, ended.lane(), Phase.RUNNING, Phase.of(state, false));
    }
    return ended;
  }

  private static @Nullable Task giveBack(
      SqliteConnection connection,
      TaskId id,
      String token,
      @Nullable TaskError error,
      int attempts,
      Duration delay,
      Instant now)
      throws SQLException {
    boolean ready = !delay.isPositive();
    PreparedStatement giveBack =
        Columns.bind(
            connection.prepare(GIVE_BACK),
            ready ? 1 : 0,
            ready ? null : Micros.of(now) + Micros.of(delay),
            attempts,
            Micros.of(now),
            error == null ? null : error.code().name(),
            error == null ? null : error.message(),
            id,
            token);
    Changed returned = Changed.by(giveBack);
    if (returned == null) {
      return null;
    }
    Changed.count(
        connection, returned.lane(), Phase.RUNNING, ready ? Phase.READY : Phase.SCHEDULED);
    return TaskRows.get(connection, returned.seq());
  }

  private static Settled unsettled(SqliteConnection connection, TaskId id, String token)
      throws SQLException {
    return Columns.any(Columns.bind(connection.prepare(SETTLED), id, token))
        ? new Settled.Before()
        : new Settled.Stale();
  }
}
