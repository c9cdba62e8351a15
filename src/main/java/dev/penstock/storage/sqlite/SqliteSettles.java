package dev.penstock.storage.sqlite;

import dev.penstock.core.Awaiting;
import dev.penstock.core.Ending;
import dev.penstock.core.Step;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Ends runs: with a result, an error, or another try. */
final class SqliteSettles {
  private static final String HELD =
      "SELECT seq FROM tasks WHERE id = ? AND token = ? AND state = 1";

  private static final String END =
      """
      UPDATE tasks SET state = ?, attempts = attempts + 1, token = NULL, lease_until = NULL,
        settled_token = token, finished_at = ?, error_code = ?, error_message = ?, start_by = NULL,
        expires_at = CASE WHEN parent IS NULL
          THEN ? + CASE ? WHEN 3 THEN keep_failed ELSE keep_completed END END
      WHERE id = ? AND token = ? AND state = 1
      RETURNING seq, lane, beside
      """;

  private static final String GIVE_BACK =
      """
      UPDATE tasks SET state = 0, ready = ?, due = ?, attempts = attempts + ?, token = NULL,
        lease_until = NULL, settled_token = token, started_at = NULL, queued_at = ?,
        error_code = coalesce(?, error_code), error_message = coalesce(?, error_message),
        start_by = CASE WHEN ? THEN NULL ELSE start_by END,
        put_off = CASE WHEN ? THEN NULL ELSE nullif(coalesce(put_off, 0) + ?, 0) END
      WHERE id = ? AND token = ? AND state = 1
      RETURNING seq, lane, beside
      """;

  private static final String PUT_OFF =
      "SELECT coalesce(put_off, 0) FROM tasks WHERE id = ? AND token = ? AND state = 1";

  private static final String LOST =
      "SELECT lost FROM tasks WHERE id = ? AND token = ? AND state = 1";

  /** An end counts an attempt, which this was none. */
  private static final String DIED =
      """
      UPDATE tasks SET lost = lost + 1, deaths = deaths + 1, attempts = attempts - ?
      WHERE id = ? AND token = ? AND state = 1
      """;

  private static final String OUTPUT =
      "INSERT OR REPLACE INTO task_outputs (seq, format, output) VALUES (?, ?, ?)";

  private static final String SETTLED = "SELECT 1 FROM tasks WHERE id = ? AND settled_token = ?";

  private SqliteSettles() {}

  static Settled settle(SqliteConnection connection, Settle settle, Instant now)
      throws SQLException {
    TaskId id = settle.id();
    String token = settle.token();
    if (settle.ending() instanceof Ending.Waits(var awaiting)
        && tooMany(connection, id, token, awaiting)) {
      return new Settled.TooManyOpen();
    }
    if (settle.ending() instanceof Ending.Returned(_, _, Duration cost)
        && cost.isPositive()
        && tooOften(connection, id, token, cost)) {
      return new Settled.PutOffTooOften();
    }
    Task task =
        switch (settle.ending()) {
          case Ending.Completed(var output) -> complete(connection, id, token, output, now);
          case Ending.Failed(var error) -> fail(connection, settle, error, now);
          case Ending.Backoff(var error, var delay) ->
              keepError(connection, id, token, error, now)
                  ? giveBack(connection, settle, error, 1, true, delay, now)
                  : null;
          case Ending.Returned(var delay, var begun, _) ->
              giveBack(connection, settle, null, 0, begun, delay, now);
          case Ending.Died died -> died(connection, settle, died, now);
          case Ending.Waits(var awaiting) -> await(connection, settle, awaiting, now);
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
    if (ended.beside()) {
      SqliteCheckpoints.forget(connection, ended.seq());
    }
    return TaskRows.getBrief(connection, ended.seq(), output);
  }

  private static @Nullable Task fail(
      SqliteConnection connection, Settle settle, TaskError error, Instant now)
      throws SQLException {
    if (!keepError(connection, settle.id(), settle.token(), error, now)) {
      return null;
    }
    Changed ended = end(connection, settle.id(), settle.token(), TaskState.FAILED, error, now);
    if (ended == null) {
      return null;
    }
    keep(connection, ended.seq(), settle);
    return TaskRows.getBrief(connection, ended.seq(), null);
  }

  /** Another run, or the end where its runs were lost too often. */
  private static @Nullable Task died(
      SqliteConnection connection, Settle settle, Ending.Died died, Instant now)
      throws SQLException {
    PreparedStatement find = Columns.bind(connection.prepare(LOST), settle.id(), settle.token());
    Integer lost = Columns.first(find, Columns::small).orElse(null);
    if (lost == null) {
      return null;
    }
    boolean over = lost + 1 > died.most();
    Columns.bind(connection.prepare(DIED), over ? 1 : 0, settle.id(), settle.token())
        .executeUpdate();
    if (over) {
      return fail(connection, settle, died.error(), now);
    }
    return keepError(connection, settle.id(), settle.token(), died.error(), now)
        ? giveBack(connection, settle, died.error(), 0, true, Duration.ZERO, now)
        : null;
  }

  private static void keep(SqliteConnection connection, long seq, Settle settle)
      throws SQLException {
    if (settle.checkpoint() != null) {
      SqliteCheckpoints.keep(connection, seq, settle.checkpoint());
    }
  }

  /** Adds the failed attempt to what the task went through; false when the token is not current. */
  private static boolean keepError(
      SqliteConnection connection, TaskId id, String token, TaskError error, Instant now)
      throws SQLException {
    Long seq = held(connection, id, token);
    if (seq != null) {
      SqliteSteps.add(connection, seq, Step.Kind.FAILED, now, error);
    }
    return seq != null;
  }

  private static @Nullable Long held(SqliteConnection connection, TaskId id, String token)
      throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(HELD), id, token), Columns::number)
        .orElse(null);
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
      if (ended.beside()) {
        SqliteFamilies.parentEnded(connection, ended.seq());
      }
    }
    return ended;
  }

  private static boolean tooMany(
      SqliteConnection connection, TaskId id, String token, Awaiting awaiting) throws SQLException {
    Long seq = held(connection, id, token);
    return seq != null && SqliteAwaits.tooMany(connection, seq, awaiting);
  }

  private static boolean tooOften(
      SqliteConnection connection, TaskId id, String token, Duration cost) throws SQLException {
    PreparedStatement find = Columns.bind(connection.prepare(PUT_OFF), id, token);
    return Columns.first(find, Columns::number)
        .filter(before -> before + Micros.of(cost) > Micros.of(Outcome.Postpone.MOST))
        .isPresent();
  }

  /** Ready at once if few enough of its children are open. */
  private static @Nullable Task await(
      SqliteConnection connection, Settle settle, Awaiting awaiting, Instant now)
      throws SQLException {
    Long seq = held(connection, settle.id(), settle.token());
    if (seq == null) {
      return null;
    }
    int open = SqliteAwaits.add(connection, seq, awaiting.children(), now);
    if (open <= awaiting.wakeAt()) {
      return giveBack(connection, settle, null, 0, true, Duration.ZERO, now);
    }
    keep(connection, seq, settle);
    SqliteAwaits.await(connection, seq, awaiting, now);
    return TaskRows.getBrief(connection, seq, null);
  }

  private static @Nullable Task giveBack(
      SqliteConnection connection,
      Settle settle,
      @Nullable TaskError error,
      int attempts,
      boolean begun,
      Duration delay,
      Instant now)
      throws SQLException {
    boolean ready = !delay.isPositive();
    Duration cost =
        settle.ending() instanceof Ending.Returned(_, _, Duration its) ? its : Duration.ZERO;
    PreparedStatement giveBack =
        Columns.bind(
            connection.prepare(GIVE_BACK),
            ready ? 1 : 0,
            ready ? null : Micros.of(now) + Micros.of(delay),
            attempts,
            Micros.of(now),
            error == null ? null : error.code().name(),
            error == null ? null : error.message(),
            begun ? 1 : 0,
            attempts,
            Micros.of(cost),
            settle.id(),
            settle.token());
    Changed returned = Changed.by(giveBack);
    if (returned == null) {
      return null;
    }
    keep(connection, returned.seq(), settle);
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
