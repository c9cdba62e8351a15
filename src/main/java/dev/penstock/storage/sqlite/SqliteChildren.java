package dev.penstock.storage.sqlite;

import dev.penstock.storage.ChildStore;
import dev.penstock.storage.Micros;
import dev.penstock.storage.TaskMessage;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Parents and their children in the embedded database.
 *
 * <p>Marks are not synced. A power cut undoes them together with all that came after, such as the
 * run of a parent that was woken: the chores make them again from what the settle before has
 * stored, and a later settle's sync covers them. What is asked for by hand is synced.
 */
final class SqliteChildren implements ChildStore {
  private static final String NEW =
      """
      SELECT length(task), task FROM new_children INDEXED BY new_children_since
      WHERE since <= ? ORDER BY since LIMIT ?
      """;

  private static final String WAITING =
      """
      SELECT seq, id FROM tasks INDEXED BY tasks_waiting
      WHERE wake_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?
      """;

  private static final String ABANDONING =
      "SELECT t.seq, t.id FROM abandoning a CROSS JOIN tasks t ON t.seq = a.seq LIMIT ?";

  private final SqliteDatabase database;
  private final InstantSource clock;

  /** Where the look at those that are kept goes on; after a restart it begins anew. */
  private final AtomicLong lookedAt = new AtomicLong();

  SqliteChildren(SqliteDatabase database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  @Override
  public List<TaskSpec> toInsert(Duration age, int limit) {
    long since = Micros.of(clock.instant()) - Micros.of(age);
    return database.read(connection -> {
      List<TaskSpec> specs = new ArrayList<>();
      long bytes = 0;
      try (ResultSet rows = Columns.bind(connection.prepare(NEW), since, limit).executeQuery()) {
        while (bytes < TaskRows.MOST_BYTES && rows.next()) {
          Columns row = new Columns(rows);
          bytes += row.number();
          specs.add(TaskMessage.decode(row.bytes()));
        }
      }
      return specs;
    });
  }

  @Override
  public List<TaskId> inserted(List<TaskSpec> children) {
    if (children.isEmpty()) {
      return List.of();
    }
    return database.write(Durability.RELAXED, connection -> inserted(connection, children));
  }

  private static List<TaskId> inserted(SqliteConnection connection, List<TaskSpec> children)
      throws SQLException {
    Map<TaskId, SqliteAwaits.@Nullable Parent> parents = new HashMap<>();
    List<TaskId> unwanted = new ArrayList<>();
    for (TaskSpec child : children) {
      TaskId id = child.parent();
      if (id != null && !parents.containsKey(id)) {
        parents.put(id, SqliteAwaits.find(connection, id));
      }
      SqliteAwaits.Parent parent = id == null ? null : parents.get(id);
      if (parent == null
          || parent.state().ended()
          || (!SqliteFamilies.inserted(connection, parent.seq(), child.id())
              && !SqliteFamilies.listed(connection, parent.seq(), child.id()))) {
        unwanted.add(child.id());
      }
    }
    return unwanted;
  }

  @Override
  public List<TaskSpec> ended(List<End> ends) {
    if (ends.isEmpty()) {
      return List.of();
    }
    return database.write(
        Durability.RELAXED, connection -> SqliteAwaits.ended(connection, ends, clock.instant()));
  }

  @Override
  public Page unread(TaskId parent, @Nullable TaskId after, int limit) {
    return database.read(
        connection -> connection.snapshot(reads -> unread(reads, parent, after, limit)));
  }

  private static Page unread(
      SqliteConnection connection, TaskId id, @Nullable TaskId after, int limit)
      throws SQLException {
    SqliteAwaits.Parent parent = SqliteAwaits.find(connection, id);
    if (parent == null) {
      return new Page(List.of(), false, 0);
    }
    List<Ended> found = SqliteFamilies.unread(connection, parent.seq(), after, limit + 1);
    return new Page(
        found.subList(0, Math.min(limit, found.size())),
        found.size() > limit,
        SqliteFamilies.open(connection, parent.seq()));
  }

  @Override
  public List<TaskSpec> wakeDue(int limit) {
    // Asked several times a second and mostly for nothing: a look costs no commit.
    long now = Micros.of(clock.instant());
    if (!database.read(connection -> SqliteAwaits.anyDue(connection, now))) {
      return List.of();
    }
    return database.write(
        Durability.RELAXED, connection -> SqliteAwaits.wakeDue(connection, limit, clock.instant()));
  }

  @Override
  public List<Family> waiting(@Nullable TaskId after, int limit) {
    return database.read(connection ->
        connection.snapshot(reads -> {
          String from = after == null ? "" : after.value();
          return families(reads, WAITING, Integer.MAX_VALUE, from, limit);
        }));
  }

  @Override
  public List<Family> abandoned(int limit, int most) {
    return database.read(
        connection -> connection.snapshot(reads -> families(reads, ABANDONING, most, limit)));
  }

  private record Row(long seq, TaskId id) {}

  private static List<Family> families(
      SqliteConnection connection, String sql, int most, Object... values) throws SQLException {
    List<Row> parents =
        Columns.all(
            Columns.bind(connection.prepare(sql), values), row -> new Row(row.number(), row.id()));
    List<Family> families = new ArrayList<>(parents.size());
    for (Row parent : parents) {
      List<TaskId> open = SqliteFamilies.open(connection, parent.seq(), most);
      families.add(new Family(parent.id(), open));
    }
    return families;
  }

  @Override
  public List<TaskId> reopen(TaskId parent) {
    return database.write(
        Durability.SYNCED,
        connection -> {
          SqliteAwaits.Parent found = SqliteAwaits.find(connection, parent);
          return found == null || found.state().ended()
              ? List.of()
              : SqliteFamilies.reopen(connection, found.seq());
        });
  }

  @Override
  public void release(TaskId parent, List<TaskId> children) {
    if (!children.isEmpty()) {
      long now = Micros.of(clock.instant());
      database.write(
          Durability.RELAXED,
          connection -> SqliteReleases.release(connection, parent, children, now));
    }
  }

  @Override
  public int releaseForgotten(int limit) {
    long after = lookedAt.get();
    SqliteReleases.Look look =
        database.read(connection -> SqliteReleases.look(connection, after, limit));
    int released = 0;
    if (!look.forgotten().isEmpty()) {
      long now = Micros.of(clock.instant());
      released =
          database.write(
              Durability.RELAXED,
              connection -> SqliteReleases.release(connection, null, look.forgotten(), now));
    }
    lookedAt.set(look.last());
    return released;
  }
}
