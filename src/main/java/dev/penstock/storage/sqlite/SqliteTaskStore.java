package dev.penstock.storage.sqlite;

import dev.penstock.core.CancelResult;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.ChildStore;
import dev.penstock.storage.Micros;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
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
  private final InstantSource clock;
  private final ChildStore children;

  /**
   * The next row's number. Kept here rather than by SQLite, which would give the number of a
   * deleted last row to the next one.
   */
  private final AtomicLong nextSeq;

  /** In memory: one process has the file, and its chores, for as long as it runs. */
  private String choresHolder = "";

  private Instant choresUntil = Instant.MIN;

  private SqliteTaskStore(SqliteDatabase database, InstantSource clock, long nextSeq) {
    this.database = database;
    this.clock = clock;
    this.nextSeq = new AtomicLong(nextSeq);
    this.children = new SqliteChildren(database, clock);
  }

  public static SqliteTaskStore open(SqliteDatabase database, InstantSource clock) {
    long last = database.read(c -> c.number("SELECT coalesce(max(seq), 0) FROM tasks"));
    return new SqliteTaskStore(database, clock, last + 1);
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
          List<Inserted> inserted = new ArrayList<>(specs.size());
          for (TaskSpec spec : specs) {
            inserted.add(SqliteInserts.insert(connection, nextSeq.getAndIncrement(), spec, now));
          }
          return inserted;
        });
  }

  @Override
  public boolean withdraw(TaskId id) {
    return SqliteDeletions.unpromised(database, id);
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
    return database.read(connection -> SqliteSteps.read(connection, id));
  }

  @Override
  public TaskPage list(TaskFilter filter, @Nullable TaskId after, int limit) {
    return database.read(
        connection -> connection.snapshot(reads -> SqliteLists.list(reads, filter, after, limit)));
  }

  @Override
  public List<CancelResult> cancel(List<TaskId> ids) {
    return forEach(ids, Durability.SYNCED, SqliteManualChanges::cancel);
  }

  @Override
  public List<Task> cancelPending(Lane lane, int limit) {
    return database.write(
        Durability.SYNCED,
        connection -> SqliteManualChanges.cancelPending(connection, lane, limit, clock.instant()));
  }

  @Override
  public List<RetryResult> retry(List<TaskId> ids) {
    return forEach(ids, Durability.SYNCED, SqliteManualChanges::retry);
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
          Durability.RELAXED,
          connection -> SqliteHistory.add(connection, minutes, clock.instant()));
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
        (connection, id, now) -> SqliteLeases.claim(connection, id, worker, lease, suspects, now));
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
                connection, extensions, Micros.of(clock.instant()) + Micros.of(lease)));
  }

  @Override
  public List<Settled> settle(List<Settle> ended) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          List<Settled> settled = new ArrayList<>(ended.size());
          for (Settle one : ended) {
            settled.add(SqliteSettles.settle(connection, one, clock.instant()));
          }
          return settled;
        });
  }

  @Override
  public Lapsed reclaimLapsed(Duration margin, int maxLost, int limit, Living living) {
    return database.write(
        Durability.SYNCED,
        connection ->
            SqliteLapses.reclaim(connection, margin, maxLost, limit, living, clock.instant()));
  }

  @Override
  public TakenOver takeOver(String process, int maxLost, int limit) {
    return database.write(
        Durability.SYNCED,
        connection -> SqliteLapses.takeOver(connection, process, maxLost, limit, clock.instant()));
  }

  @Override
  public void leave(String process) {
    database.write(Durability.SYNCED, connection -> SqliteLapses.leave(connection, process));
  }

  @Override
  public List<TaskSpec> promoteDue(int limit) {
    // Asked several times a second and mostly for nothing: a look costs no commit.
    long now = Micros.of(clock.instant());
    if (!database.read(connection -> SqliteSchedule.anyDue(connection, now))) {
      return List.of();
    }
    return database.write(
        Durability.SYNCED,
        connection -> SqliteSchedule.promote(connection, limit, Micros.of(clock.instant())));
  }

  @Override
  public List<Task> longestWaiting(Lane lane, int limit) {
    return database.read(connection -> SqliteSchedule.longestWaiting(connection, lane, limit));
  }

  @Override
  public int deleteExpired(int limit) {
    return SqliteDeletions.expired(database, Micros.of(clock.instant()), limit);
  }

  @Override
  public int deleteOldestCompleted(int limit) {
    return SqliteDeletions.oldestCompleted(database, limit);
  }

  @Override
  public synchronized boolean holdChores(String node, Duration lease) {
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
    return database.read(SqliteFigures::read);
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
