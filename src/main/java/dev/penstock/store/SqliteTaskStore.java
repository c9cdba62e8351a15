package dev.penstock.store;

import dev.penstock.sqlite.Durability;
import dev.penstock.sqlite.SqliteConnection;
import dev.penstock.sqlite.SqliteDatabase;
import dev.penstock.task.Ending;
import dev.penstock.task.Lane;
import dev.penstock.task.LaneMinute;
import dev.penstock.task.Lease;
import dev.penstock.task.Progress;
import dev.penstock.task.Step;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskFilter;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskPage;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The tasks in the embedded database. Every method is one transaction, shared with whoever else
 * writes at that moment; the deletions are several.
 *
 * <p>Claims and extends are not synced: losing them in a power cut only runs work again. A settle's
 * sync covers the claim before it.
 */
final class SqliteTaskStore implements TaskStore {
  /** Rows deleted in one go: big inputs make even this many a piece of work. */
  private static final int DELETE_ROWS = 100;

  private static final String CLAIM =
      """
      UPDATE tasks SET state = 1, ready = 0, due = NULL, runs = runs + 1, token = ?,
        lease_until = ?, worker = ?, started_at = ?,
        progress_done = NULL, progress_total = NULL, progress_message = NULL
      WHERE id = ? AND state = 0 AND ready = 1 AND (lost = 0 OR ?)
      RETURNING seq, lane
      """;

  private static final String STATE = "SELECT state, ready FROM tasks WHERE id = ?";

  private static final String EXTEND =
      """
      UPDATE tasks SET lease_until = ?, progress_done = coalesce(?, progress_done),
        progress_total = coalesce(?, progress_total),
        progress_message = coalesce(?, progress_message)
      WHERE id = ? AND token = ? AND state = 1
      """;

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
        lease_until = NULL, settled_token = token, started_at = NULL,
        error_code = coalesce(?, error_code), error_message = coalesce(?, error_message)
      WHERE id = ? AND token = ? AND state = 1
      RETURNING seq, lane
      """;

  private static final String OUTPUT =
      "INSERT OR REPLACE INTO task_outputs (seq, format, output) VALUES (?, ?, ?)";

  private static final String LAPSED =
      """
      SELECT seq, lane, lost FROM tasks INDEXED BY tasks_leased
      WHERE state = 1 AND lease_until < ? ORDER BY lease_until LIMIT ?
      """;

  private static final String LOSE =
      """
      UPDATE tasks SET state = 0, ready = 1, lost = lost + 1, token = NULL, lease_until = NULL,
        started_at = NULL
      WHERE seq = ?
      """;

  private static final String GIVE_UP =
      """
      UPDATE tasks SET state = 3, lost = lost + 1, token = NULL, lease_until = NULL,
        finished_at = ?, expires_at = ? + keep_failed, error_code = ?, error_message = ?
      WHERE seq = ?
      """;

  private static final String ANY_DUE =
      "SELECT 1 FROM tasks INDEXED BY tasks_due WHERE state = 0 AND ready = 0 AND due <= ? LIMIT 1";

  private static final String PROMOTE =
      """
      UPDATE tasks SET ready = 1, due = NULL
      WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_due
        WHERE state = 0 AND ready = 0 AND due <= ? ORDER BY due LIMIT ?)
      RETURNING seq, lane
      """;

  private static final String DELETE_UNCLAIMED =
      "DELETE FROM tasks WHERE id = ? AND state = 0 AND runs = 0 RETURNING lane, state, ready";

  private static final String DELETE_EXPIRED =
      """
      DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_expiring
        WHERE state >= 2 AND expires_at <= ? ORDER BY expires_at LIMIT ?)
      RETURNING lane, state, ready
      """;

  private static final String DELETE_OLDEST =
      """
      DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks INDEXED BY tasks_completed
        WHERE state = 2 ORDER BY finished_at LIMIT ?)
      RETURNING lane, state, ready
      """;

  private final SqliteDatabase database;
  private final InstantSource clock;

  /**
   * The next row's number. Kept here rather than by SQLite, which would give the number of a
   * deleted last row to the next one.
   */
  private final AtomicLong nextSeq;

  private SqliteTaskStore(SqliteDatabase database, InstantSource clock, long nextSeq) {
    this.database = database;
    this.clock = clock;
    this.nextSeq = new AtomicLong(nextSeq);
  }

  static SqliteTaskStore open(SqliteDatabase database, InstantSource clock) {
    long last = database.read(c -> c.number("SELECT coalesce(max(seq), 0) FROM tasks"));
    return new SqliteTaskStore(database, clock, last + 1);
  }

  @Override
  public List<Inserted> insert(List<TaskSpec> specs) {
    return specs.isEmpty()
        ? List.of()
        : database.write(Durability.SYNCED, connection -> insert(connection, specs));
  }

  private List<Inserted> insert(SqliteConnection connection, List<TaskSpec> specs)
      throws SQLException {
    Instant now = clock.instant();
    List<Inserted> inserted = new ArrayList<>(specs.size());
    for (TaskSpec spec : specs) {
      Instant runAt = spec.runAt();
      boolean ready = runAt == null || !runAt.isAfter(now);
      if (TaskRows.insert(connection, nextSeq.getAndIncrement(), spec, ready, now)) {
        count(connection, spec.lane().name(), ready ? Phase.READY : Phase.SCHEDULED, 1);
      }
      inserted.add(new Inserted.Kept());
    }
    return inserted;
  }

  @Override
  public boolean deleteUnclaimed(TaskId id) {
    return database.write(
            Durability.SYNCED,
            connection ->
                delete(connection, Columns.bind(connection.prepare(DELETE_UNCLAIMED), id)))
        > 0;
  }

  @Override
  public Optional<Task> find(TaskId id) {
    return database.read(connection -> TaskRows.find(connection, id));
  }

  @Override
  public Map<TaskId, Task> findAll(Collection<TaskId> ids) {
    if (ids.isEmpty()) {
      return Map.of();
    }
    List<TaskId> asked = List.copyOf(ids);
    return database.read(connection -> {
      Map<TaskId, Task> found = HashMap.newHashMap(asked.size());
      for (TaskId id : asked) {
        TaskRows.findBrief(connection, id).ifPresent(task -> found.put(id, task));
      }
      return found;
    });
  }

  @Override
  public List<Step> steps(TaskId id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Cancellation> cancel(List<TaskId> ids) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Task> cancelPending(Lane lane, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Retrial> retry(List<TaskId> ids) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<Lane> paused() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void pause(Lane lane, boolean paused) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void addHistory(List<LaneMinute> minutes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<LaneMinute> history(Instant since) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<Claim> claim(List<TaskId> ids, String worker, Duration lease, boolean alone) {
    if (ids.isEmpty()) {
      return List.of();
    }
    return database.write(
        Durability.RELAXED,
        connection -> {
          List<Claim> claims = new ArrayList<>(ids.size());
          for (TaskId id : ids) {
            claims.add(claim(connection, id, worker, lease, alone));
          }
          return claims;
        });
  }

  private Claim claim(
      SqliteConnection connection, TaskId id, String worker, Duration lease, boolean alone)
      throws SQLException {
    Instant now = clock.instant();
    String token = Lease.newToken();
    long until = Micros.of(now) + Micros.of(lease);
    PreparedStatement claim =
        Columns.bind(
            connection.prepare(CLAIM), token, until, worker, Micros.of(now), id, alone ? 1 : 0);
    Row claimed = changed(claim);
    if (claimed == null) {
      return refusal(connection, id);
    }
    count(connection, claimed.lane(), Phase.READY, -1);
    count(connection, claimed.lane(), Phase.RUNNING, 1);
    return new Claim.Claimed(
        TaskRows.get(connection, claimed.seq()), new Lease(id, token, Micros.toInstant(until)));
  }

  private static Claim refusal(SqliteConnection connection, TaskId id) throws SQLException {
    try (ResultSet rows = Columns.bind(connection.prepare(STATE), id).executeQuery()) {
      if (!rows.next()) {
        return new Claim.Settled();
      }
      Columns row = new Columns(rows);
      return switch (TaskRows.state(row.small())) {
        case COMPLETED, FAILED, CANCELLED -> new Claim.Settled();
        case PROCESSING -> new Claim.Held();
        case PENDING -> row.small() == 1 ? new Claim.Suspect() : new Claim.Held();
      };
    }
  }

  @Override
  public Set<TaskId> extend(List<Extension> extensions, Duration lease) {
    if (extensions.isEmpty()) {
      return Set.of();
    }
    return database.write(
        Durability.RELAXED,
        connection -> {
          Set<TaskId> lost = new HashSet<>();
          long until = Micros.of(clock.instant()) + Micros.of(lease);
          for (Extension extension : extensions) {
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
            }
          }
          return lost;
        });
  }

  @Override
  public Settled settle(TaskId id, String token, Ending ending) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          Instant now = clock.instant();
          Task task =
              switch (ending) {
                case Ending.Completed(var output) -> complete(connection, id, token, output, now);
                case Ending.Failed(var error) -> fail(connection, id, token, error, now);
                case Ending.Backoff(var error, var delay) ->
                    giveBack(connection, id, token, error, 1, delay, now);
                case Ending.Returned(var delay) ->
                    giveBack(connection, id, token, null, 0, delay, now);
              };
          return task != null ? new Settled.Now(task) : unsettled(connection, id, token);
        });
  }

  private static @Nullable Task complete(
      SqliteConnection connection, TaskId id, String token, TaskOutput output, Instant now)
      throws SQLException {
    Row ended = end(connection, id, token, TaskState.COMPLETED, null, now);
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
    Row ended = end(connection, id, token, TaskState.FAILED, error, now);
    return ended == null ? null : TaskRows.getBrief(connection, ended.seq(), null);
  }

  private static @Nullable Row end(
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
    Row ended = changed(end);
    if (ended != null) {
      count(connection, ended.lane(), Phase.RUNNING, -1);
      count(connection, ended.lane(), Phase.of(state, false), 1);
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
            error == null ? null : error.code().name(),
            error == null ? null : error.message(),
            id,
            token);
    Row returned = changed(giveBack);
    if (returned == null) {
      return null;
    }
    count(connection, returned.lane(), Phase.RUNNING, -1);
    count(connection, returned.lane(), ready ? Phase.READY : Phase.SCHEDULED, 1);
    return TaskRows.get(connection, returned.seq());
  }

  private static Settled unsettled(SqliteConnection connection, TaskId id, String token)
      throws SQLException {
    String sql = "SELECT 1 FROM tasks WHERE id = ? AND settled_token = ?";
    try (ResultSet rows = Columns.bind(connection.prepare(sql), id, token).executeQuery()) {
      return rows.next() ? new Settled.Before() : new Settled.Stale();
    }
  }

  @Override
  public Lapsed reclaimLapsed(Duration margin, int maxLost, int limit) {
    return database.write(
        Durability.SYNCED, connection -> reclaimLapsed(connection, margin, maxLost, limit));
  }

  private record LostRow(long seq, String lane, int lost) {}

  private Lapsed reclaimLapsed(SqliteConnection connection, Duration margin, int maxLost, int limit)
      throws SQLException {
    long now = Micros.of(clock.instant());
    List<LostRow> lapsed = new ArrayList<>();
    PreparedStatement query =
        Columns.bind(connection.prepare(LAPSED), now - Micros.of(margin), limit);
    try (ResultSet rows = query.executeQuery()) {
      Columns row = new Columns(rows);
      while (rows.next()) {
        row.rewind();
        lapsed.add(new LostRow(row.number(), row.text(), row.small() + 1));
      }
    }
    List<TaskSpec> ready = new ArrayList<>();
    List<Task> failed = new ArrayList<>();
    for (LostRow row : lapsed) {
      count(connection, row.lane(), Phase.RUNNING, -1);
      if (row.lost() > maxLost) {
        String message = "its worker vanished " + row.lost() + " times while running it";
        Columns.bind(
                connection.prepare(GIVE_UP),
                now,
                now,
                TaskError.Code.LEASE_LOST.name(),
                message,
                row.seq())
            .executeUpdate();
        count(connection, row.lane(), Phase.FAILED, 1);
        failed.add(TaskRows.get(connection, row.seq()));
      } else {
        Columns.bind(connection.prepare(LOSE), row.seq()).executeUpdate();
        count(connection, row.lane(), Phase.READY, 1);
        ready.add(TaskRows.get(connection, row.seq()).spec());
      }
    }
    return new Lapsed(ready, failed);
  }

  @Override
  public List<TaskSpec> promoteDue(int limit) {
    // Asked several times a second and mostly for nothing: a look costs no commit.
    long now = Micros.of(clock.instant());
    if (!database.read(connection -> anyDue(connection, now))) {
      return List.of();
    }
    return database.write(
        Durability.SYNCED,
        connection -> {
          List<Row> promoted = new ArrayList<>();
          PreparedStatement promote =
              Columns.bind(connection.prepare(PROMOTE), Micros.of(clock.instant()), limit);
          try (ResultSet rows = promote.executeQuery()) {
            while (rows.next()) {
              promoted.add(new Row(rows.getLong(1), rows.getString(2)));
            }
          }
          List<TaskSpec> specs = new ArrayList<>(promoted.size());
          for (Row row : promoted) {
            count(connection, row.lane(), Phase.SCHEDULED, -1);
            count(connection, row.lane(), Phase.READY, 1);
            specs.add(TaskRows.get(connection, row.seq()).spec());
          }
          return specs;
        });
  }

  private static boolean anyDue(SqliteConnection connection, long now) throws SQLException {
    try (ResultSet rows = Columns.bind(connection.prepare(ANY_DUE), now).executeQuery()) {
      return rows.next();
    }
  }

  @Override
  public int deleteExpired(int limit) {
    long now = Micros.of(clock.instant());
    return deleteInSteps(
        limit, (connection, rows) -> Columns.bind(connection.prepare(DELETE_EXPIRED), now, rows));
  }

  @Override
  public int deleteOldestCompleted(int limit) {
    return deleteInSteps(
        limit, (connection, rows) -> Columns.bind(connection.prepare(DELETE_OLDEST), rows));
  }

  private interface Deletion {
    PreparedStatement of(SqliteConnection connection, int rows) throws SQLException;
  }

  private int deleteInSteps(int limit, Deletion deletion) {
    int deleted = 0;
    while (deleted < limit) {
      int rows = Math.min(DELETE_ROWS, limit - deleted);
      int step =
          database.write(
              Durability.RELAXED, connection -> delete(connection, deletion.of(connection, rows)));
      deleted += step;
      if (step < rows) {
        break;
      }
    }
    return deleted;
  }

  /** Runs a deletion that returns lane, state and ready of each row; how many there were. */
  private static int delete(SqliteConnection connection, PreparedStatement deletion)
      throws SQLException {
    int deleted = 0;
    try (ResultSet rows = deletion.executeQuery()) {
      while (rows.next()) {
        Phase phase = Phase.of(TaskRows.state(rows.getInt(2)), rows.getInt(3) == 1);
        count(connection, rows.getString(1), phase, -1);
        deleted++;
      }
    }
    return deleted;
  }

  @Override
  public long bytes() {
    return database.bytes();
  }

  @Override
  public Figures figures() {
    return database.read(SqliteFigures::read);
  }

  @Override
  public Optional<String> trouble() {
    return database.trouble();
  }

  /** Does nothing: the database is closed by whoever opened it. */
  @Override
  public void close() {}

  private record Row(long seq, String lane) {}

  /** The one row that a statement changed; null when it changed none. */
  private static @Nullable Row changed(PreparedStatement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery()) {
      return rows.next() ? new Row(rows.getLong(1), rows.getString(2)) : null;
    }
  }

  private static void count(SqliteConnection connection, String lane, Phase phase, int delta) {
    connection.count(lane, phase.name(), delta);
  }
}
