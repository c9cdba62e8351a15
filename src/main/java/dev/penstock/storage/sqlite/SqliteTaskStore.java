package dev.penstock.storage.sqlite;

import dev.penstock.core.CancelResult;
import dev.penstock.core.DeleteResult;
import dev.penstock.core.Glance;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.LastShown;
import dev.penstock.storage.Micros;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The tasks in the embedded database. Every method is one transaction, shared with whoever else
 * writes at that moment; the deletions are several.
 *
 * <p>Claims and extends are not synced: losing them in a power cut only runs work again. A settle's
 * sync covers the claim before it.
 */
public final class SqliteTaskStore implements TaskStore {
  private final SqliteDatabase database;
  private final SqliteClock clock;
  private final ChildStore children;
  private final CheckpointNumbers numbers = new CheckpointNumbers();
  private final LastShown shown = new LastShown();

  /**
   * The next row's number. Kept here rather than by SQLite, which would give the number of a
   * deleted last row to the next one.
   */
  private final AtomicLong nextSeq;

  /** In memory: one process has the file, and its chores, for as long as it runs. */
  private String choresHolder = "";

  private Instant choresUntil = Instant.MIN;

  private SqliteTaskStore(SqliteDatabase database, SqliteClock clock, long nextSeq) {
    this.database = database;
    this.clock = clock;
    this.nextSeq = new AtomicLong(nextSeq);
    this.children = new SqliteChildren(database, clock);
  }

  /**
   * Opens the tasks of a database.
   *
   * @param wall the wall clock, which may be set
   * @param nanos a clock like {@link System#nanoTime}, which never is
   */
  public static SqliteTaskStore open(
      SqliteDatabase database, InstantSource wall, LongSupplier nanos) {
    long last = database.read(c -> c.number("SELECT coalesce(max(seq), 0) FROM tasks"));
    return new SqliteTaskStore(database, SqliteClock.open(database, wall, nanos), last + 1);
  }

  @Override
  public List<Inserted> insert(List<TaskSpec> specs) {
    if (specs.isEmpty()) {
      return List.of();
    }
    return database.write(
        Durability.SYNCED,
        connection -> {
          Instant now = clock.instant();
          Instant wall = clock.wall();
          List<Inserted> inserted = new ArrayList<>(specs.size());
          for (TaskSpec spec : specs) {
            inserted.add(
                clock
                    .times()
                    .shown(
                        SqliteInserts.insert(
                            connection, nextSeq.getAndIncrement(), spec, now, wall)));
          }
          return inserted;
        });
  }

  @Override
  public List<Optional<Inserted>> meant(List<TaskSpec> specs) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          List<Optional<Inserted>> meant = new ArrayList<>(specs.size());
          for (TaskSpec spec : specs) {
            meant.add(SqliteInserts.meant(connection, spec).map(clock.times()::shown));
          }
          return meant;
        });
  }

  @Override
  public boolean withdraw(TaskId id) {
    return SqliteDeletions.unpromised(database, id);
  }

  @Override
  public Optional<Task> find(TaskId id) {
    return database.read(connection -> TaskRows.find(connection, id)).map(clock.times()::shown);
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
      return clock.times().shown(found);
    });
  }

  @Override
  public Map<TaskId, Glance> glance(Collection<TaskId> ids) {
    if (ids.isEmpty()) {
      return Map.of();
    }
    List<TaskId> asked = List.copyOf(ids);
    return database.read(connection -> {
      Map<TaskId, Glance> seen = HashMap.newHashMap(asked.size());
      for (TaskId id : asked) {
        TaskRows.glance(connection, id)
            .ifPresent(each -> seen.put(id, each.with(clock.times().shown(each.task()))));
      }
      return seen;
    });
  }

  @Override
  public List<Step> steps(TaskId id) {
    return database.read(connection -> {
      List<Step> steps = SqliteSteps.read(connection, id);
      return steps.isEmpty()
          ? steps
          : clock
              .times()
              .shown(steps, TaskRows.glance(connection, id).map(Glance::task).orElse(null));
    });
  }

  @Override
  public TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    if (filter.meansNone()) {
      return TaskPage.NONE;
    }
    Work<TaskPage> list =
        connection ->
            connection.snapshot(reads -> SqliteLists.list(reads, filter, after, limit, shown));
    String text = filter.text();
    TaskPage page = text == null || text.isEmpty() ? database.read(list) : database.search(list);
    return new TaskPage(clock.times().shown(page.tasks()), page.more(), page.cut());
  }

  @Override
  public List<CancelResult> cancel(List<TaskId> ids) {
    return forEach(
        ids,
        Durability.SYNCED,
        (connection, id, now) ->
            clock.times().shown(SqliteManualChanges.cancel(connection, id, now)));
  }

  @Override
  public List<Task> cancelPending(Lane lane, int limit) {
    return database.write(
        Durability.SYNCED,
        connection ->
            clock
                .times()
                .shown(
                    SqliteManualChanges.cancelPending(connection, lane, limit, clock.instant())));
  }

  @Override
  public List<RetryResult> retry(List<TaskId> ids) {
    return retry(ids, null);
  }

  @Override
  public List<RetryResult> retry(List<TaskId> ids, @Nullable Instant startBefore) {
    return forEach(
        ids,
        Durability.SYNCED,
        (connection, id, now) ->
            clock
                .times()
                .shown(SqliteManualChanges.retry(connection, id, startBefore, now, clock.wall())));
  }

  @Override
  public List<Task> expireUnbegun(int limit) {
    // As for what is due: mostly there is nothing.
    if (!database.read(c -> SqliteManualChanges.anyUnbegun(c, clock.wall()))) {
      return List.of();
    }
    List<Task> expired =
        database.write(
            Durability.SYNCED,
            connection ->
                SqliteManualChanges.expireUnbegun(
                    connection, limit, clock.instant(), clock.wall()));
    return clock.times().shown(expired);
  }

  @Override
  public Set<Lane> paused() {
    return database.read(SqliteLanes::paused);
  }

  @Override
  public void pause(Lane lane, boolean paused) {
    database.write(Durability.SYNCED, connection -> SqliteLanes.pause(connection, lane, paused));
  }

  @Override
  public void addHistory(List<LaneMinute> minutes) {
    if (!minutes.isEmpty()) {
      database.write(
          Durability.RELAXED, connection -> SqliteHistory.add(connection, minutes, clock.wall()));
    }
  }

  @Override
  public List<LaneMinute> history(Instant since) {
    return database.read(connection -> SqliteHistory.since(connection, since));
  }

  @Override
  public List<Claim> claim(List<TaskId> ids, String worker, Duration lease, Taking suspects) {
    return forEach(
        ids,
        Durability.RELAXED,
        (connection, id, now) ->
            clock
                .times()
                .shown(
                    SqliteLeases.claim(
                        connection, id, worker, lease, suspects, now, clock.wall())));
  }

  @Override
  public Set<TaskId> extend(List<HeldLease> extensions, Duration lease) {
    if (extensions.isEmpty()) {
      return Set.of();
    }
    return database.write(
        Durability.RELAXED,
        connection ->
            SqliteLeases.extend(
                connection, numbers, extensions, Micros.of(clock.instant()) + Micros.of(lease)));
  }

  @Override
  public List<Settled> settle(List<Settle> ended) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          List<Settled> settled = new ArrayList<>(ended.size());
          for (Settle one : ended) {
            settled.add(
                clock.times().shown(SqliteSettles.settle(connection, one, clock.instant())));
          }
          return settled;
        });
  }

  @Override
  public Lapsed reclaimLapsed(Duration margin, int maxLost, int limit, Living living) {
    return database.write(
        Durability.SYNCED,
        connection ->
            clock
                .times()
                .shown(
                    SqliteLapses.reclaim(
                        connection, margin, maxLost, limit, living, clock.instant())));
  }

  @Override
  public TakenOver takeOver(String process, int maxLost, int limit) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          TakenOver taken =
              SqliteLapses.takeOver(connection, process, maxLost, limit, clock.instant());
          return new TakenOver(taken.died(), clock.times().shown(taken.lapsed()));
        });
  }

  @Override
  public void leave(String process) {
    database.write(Durability.SYNCED, connection -> SqliteLapses.leave(connection, process));
  }

  @Override
  public List<TaskSpec> promoteDue(int limit) {
    // Asked several times a second and mostly for nothing: a look costs no commit.
    long now = Micros.of(clock.instant());
    long wall = Micros.of(clock.wall());
    if (!database.read(connection -> SqliteSchedule.anyDue(connection, now, wall))) {
      return List.of();
    }
    return database.write(
        Durability.SYNCED, connection -> SqliteSchedule.promote(connection, limit, now, wall));
  }

  @Override
  public List<Task> longestWaiting(Lane lane, int limit) {
    List<Task> tasks =
        database.read(connection -> SqliteSchedule.longestWaiting(connection, lane, limit));
    return clock.times().shown(tasks);
  }

  @Override
  public int deleteExpired(int limit) {
    return SqliteDeletions.expired(database, clock.expired(), limit);
  }

  @Override
  public int deleteOldest(TaskState state, Duration kept, int limit) {
    long until = Micros.of(clock.instant()) - Micros.of(kept);
    return SqliteDeletions.oldest(database, state, until, limit);
  }

  @Override
  public int dropCancelledInputs(int limit) {
    return SqliteDeletions.cancelledInputs(database, limit);
  }

  @Override
  public List<DeleteResult> delete(List<TaskId> ids) {
    return forEach(
        ids,
        Durability.SYNCED,
        (connection, id, _) -> clock.times().shown(SqliteDeletions.byHand(connection, id)));
  }

  @Override
  public Map<String, Long> liveBytes() {
    return database.read(SqliteFigures::liveBytes);
  }

  @Override
  public synchronized boolean holdChores(String node, Duration lease) {
    clock.look();
    Instant now = clock.instant();
    if (!node.equals(choresHolder) && now.isBefore(choresUntil)) {
      return false;
    }
    choresHolder = node;
    choresUntil = now.plus(lease);
    return lease.isPositive();
  }

  @Override
  public ChildStore children() {
    return children;
  }

  @Override
  public long bytes() {
    return database.bytes();
  }

  @Override
  public TaskCounts figures() {
    return clock.times().shown(database.read(SqliteFigures::read));
  }

  @Override
  public Optional<String> trouble() {
    return database.trouble();
  }

  /** Does nothing: the database is closed by whoever opened it. */
  @Override
  public void close() {}

  private interface Change<A> {
    A of(SqliteConnection connection, TaskId id, Instant now) throws SQLException;
  }

  /** Changes each task, all in one transaction; the answers in order. */
  private <A> List<A> forEach(List<TaskId> ids, Durability durability, Change<A> change) {
    if (ids.isEmpty()) {
      return List.of();
    }
    return database.write(
        durability,
        connection -> {
          Instant now = clock.instant();
          List<A> answers = new ArrayList<>(ids.size());
          for (TaskId id : ids) {
            answers.add(change.of(connection, id, now));
          }
          return answers;
        });
  }
}
