package dev.penstock.storage.sqlite;

import dev.penstock.core.Glance;
import dev.penstock.storage.KeptError;
import dev.penstock.storage.Metadata;
import dev.penstock.storage.Micros;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads tasks. Their identities are left out: nothing asks for them. */
final class TaskRows {
  /** The inputs that one write should read come to about so many bytes: others wait for it. */
  static final long MOST_BYTES = 8L * 1024 * 1024;

  /** The order is that of {@link #read}. */
  private static final String SELECT =
      """
      SELECT t.id, t.lane, t.owner, t.priority, t.state, t.attempts, t.lost,
        t.progress_done, t.progress_total, t.progress_message,
        t.created_at, t.started_at, t.finished_at, t.worker, t.error_code, t.error_message,
        coalesce(t.queued_at, t.created_at), t.max_attempts, t.timeout, t.run_at, t.keep_completed, t.keep_failed, t.reply_to,
        p.metadata, %s, %s,
        t.start_before, t.state = 4 AND t.started_at IS NULL AND t.finished_at >= t.start_by,
        coalesce(t.parent, t.submitted_at, t.wake_at) IS NOT NULL, t.parent, t.submitted_at,
        CASE WHEN t.wake_at IS NULL THEN 0 ELSE (SELECT count(*)
          FROM task_children c INDEXED BY task_children_open
          WHERE c.parent = t.seq AND c.state < 2) END
      FROM tasks t
      JOIN task_payloads p ON p.seq = t.seq
      %s
      WHERE %s = ?
      """;

  private static final String OUTPUT = "o.format, o.output";
  private static final String JOIN_OUTPUT = "LEFT JOIN task_outputs o ON o.seq = t.seq";

  private static final String WHOLE_BY_ID =
      SELECT.formatted("p.input", OUTPUT, JOIN_OUTPUT, "t.id");
  private static final String WHOLE_BY_SEQ =
      SELECT.formatted("p.input", OUTPUT, JOIN_OUTPUT, "t.seq");
  private static final String BRIEF_BY_ID = SELECT.formatted("x''", OUTPUT, JOIN_OUTPUT, "t.id");
  private static final String GLANCE_BY_ID =
      SELECT.formatted(
          "x''",
          "o.format, CASE WHEN length(o.output) <= " + Glance.SHORT + " THEN o.output END",
          JOIN_OUTPUT,
          "t.id");

  /** A blob's length is known without reading it. */
  private static final String LENGTHS =
      """
      SELECT length(p.input), coalesce(length(o.output), 0)
      FROM tasks t JOIN task_payloads p ON p.seq = t.seq LEFT JOIN task_outputs o ON o.seq = t.seq
      WHERE t.id = ?
      """;

  private static final String BARE_BY_SEQ = SELECT.formatted("x''", "NULL, NULL", "", "t.seq");

  private TaskRows() {}

  static Optional<Task> find(SqliteConnection connection, TaskId id) throws SQLException {
    return one(connection, WHOLE_BY_ID, id);
  }

  /** The task without its input. */
  static Optional<Task> findBrief(SqliteConnection connection, TaskId id) throws SQLException {
    return one(connection, BRIEF_BY_ID, id);
  }

  /** The task without what may be long of it. */
  static Optional<Glance> glance(SqliteConnection connection, TaskId id) throws SQLException {
    Optional<Task> found = one(connection, GLANCE_BY_ID, id);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    Task task = found.get();
    TaskOutput output = task.output();
    return Columns.first(
        Columns.bind(connection.prepare(LENGTHS), id),
        row -> {
          long input = row.number();
          long result = row.number();
          return new Glance(
              result > Glance.SHORT ? task.withOutput(null) : task,
              output == null ? null : output.format(),
              input,
              result);
        });
  }

  static Task get(SqliteConnection connection, long seq) throws SQLException {
    return one(connection, WHOLE_BY_SEQ, seq).orElseThrow();
  }

  /** The task without its input, and with this output in place of the one that is kept. */
  static Task getBrief(SqliteConnection connection, long seq, @Nullable TaskOutput output)
      throws SQLException {
    return one(connection, BARE_BY_SEQ, seq).orElseThrow().withOutput(output);
  }

  private static Optional<Task> one(SqliteConnection connection, String sql, Object key)
      throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(sql), key), TaskRows::read);
  }

  private static Task read(Columns row) throws SQLException {
    TaskId id = row.id();
    Lane lane = Lane.of(row.text());
    String owner = row.text();
    Priority priority = new Priority(row.small());
    TaskState state = state(row.small());
    int attempts = row.small();
    int lost = row.small();
    Progress progress = progress(row.numberOrNull(), row.numberOrNull(), row.textOrNull());
    Instant createdAt = Micros.toInstant(row.number());
    Instant startedAt = instant(row.numberOrNull());
    Instant finishedAt = instant(row.numberOrNull());
    String worker = row.textOrNull();
    TaskError error = KeptError.of(row.textOrNull(), row.textOrNull());
    Instant queuedAt = Micros.toInstant(row.number());
    int maxAttempts = row.small();
    long timeout = row.number();
    Instant runAt = instant(row.numberOrNull());
    long keepCompleted = row.number();
    long keepFailed = row.number();
    String replyTo = row.textOrNull();
    Map<String, String> metadata = Metadata.ofJson(row.text());
    byte[] input = row.bytes();
    String format = row.textOrNull();
    byte[] result = row.bytes();
    TaskOutput output =
        format == null ? null : new TaskOutput(TaskOutput.Format.valueOf(format), result);
    Instant startBefore = instant(row.numberOrNull());
    boolean expired = row.small() == 1;
    // Most have no family: then the rest is not read.
    boolean family = row.small() == 1;
    String parent = family ? row.textOrNull() : null;
    Instant submittedAt = family ? instant(row.numberOrNull()) : null;
    int waitingOn = family ? row.small() : 0;
    TaskSpec spec =
        new TaskSpec(
            id,
            new TaskSpec.Work(lane, priority, input, runAt, startBefore),
            new TaskSpec.Limits(maxAttempts, Micros.toDuration(timeout)),
            new TaskSpec.Retention(Micros.toDuration(keepCompleted), Micros.toDuration(keepFailed)),
            new TaskSpec.Origin(
                owner,
                metadata,
                null,
                replyTo,
                parent == null ? null : new TaskId(parent),
                submittedAt));
    return new Task(
        spec,
        state,
        attempts,
        lost,
        progress,
        createdAt,
        startedAt,
        finishedAt,
        worker,
        error,
        output,
        queuedAt,
        waitingOn,
        expired);
  }

  /** The number that stands for the state in the file: see the schema. */
  static int code(TaskState state) {
    return switch (state) {
      case PENDING -> 0;
      case PROCESSING -> 1;
      case COMPLETED -> 2;
      case FAILED -> 3;
      case CANCELLED -> 4;
    };
  }

  static TaskState state(int code) {
    for (TaskState state : TaskState.values()) {
      if (code(state) == code) {
        return state;
      }
    }
    throw new IllegalStateException("a task in state " + code);
  }

  private static @Nullable Progress progress(
      @Nullable Long done, @Nullable Long total, @Nullable String message) {
    return done == null || total == null || message == null
        ? null
        : new Progress(done, total, message);
  }

  static @Nullable Instant instant(@Nullable Long micros) {
    return micros == null ? null : Micros.toInstant(micros);
  }
}
