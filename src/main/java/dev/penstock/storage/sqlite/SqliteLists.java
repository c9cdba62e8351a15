package dev.penstock.storage.sqlite;

import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.LastShown;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.sqlite.NewestFirst.Source;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lists tasks. What one costs depends on what it shows, not on how many tasks there are: each
 * owner's tasks of a state and a lane stand in an index in the order of their age, and the newest
 * of those lists that are meant are merged. Ready tasks, which every submit and every claim
 * changes, stand for that in the index that receivers read anyway, once for each priority. Which
 * lanes have tasks is known from the counters.
 */
final class SqliteLists {
  private static final String SEQ = "SELECT seq FROM tasks WHERE id = ?";

  static final String NEXT_ID =
      """
      SELECT seq FROM (SELECT seq, parent FROM tasks WHERE id > ? ORDER BY id LIMIT 1000)
      WHERE parent IS NULL LIMIT 1
      """;

  static final String PREVIOUS_ID =
      """
      SELECT seq + 1 FROM (SELECT seq, parent FROM tasks WHERE id < ? ORDER BY id DESC LIMIT 1000)
      WHERE parent IS NULL LIMIT 1
      """;

  private static final String COUNTERS = "SELECT lane, phase FROM counters WHERE n > 0";

  static final String ANY =
      "SELECT seq FROM tasks NOT INDEXED WHERE seq < ? ORDER BY seq DESC LIMIT ?";

  private static final String NEXT = " AND seq < ? ORDER BY seq DESC LIMIT ?";

  static final String READY =
      """
      SELECT seq FROM tasks INDEXED BY tasks_ready
      WHERE ready = 1 AND lane = ? AND priority = ? AND owner = ?
      """
          + NEXT;

  static final String OTHERS =
      """
      SELECT seq FROM tasks INDEXED BY tasks_of_owner
      WHERE ready = 0 AND owner = ? AND state = ? AND lane = ?
      """
          + NEXT;

  /** Of everybody: whoever keeps the server has the whole list. */
  static final String ENDED =
      """
      SELECT seq FROM tasks INDEXED BY tasks_ended
      WHERE state >= 2 AND state = ? AND lane = ?
      """
          + NEXT;

  static final String CHILDREN =
      """
      SELECT seq FROM tasks INDEXED BY tasks_parent
      WHERE parent = ? AND state = ? AND lane = ? AND (?4 IS NULL OR owner = ?4)
        AND seq < ?5 ORDER BY seq DESC LIMIT ?6
      """;

  /** Leaps from owner to owner. */
  static final String OWNERS =
      """
      WITH RECURSIVE owners(owner) AS (
        SELECT (SELECT min(owner) FROM tasks INDEXED BY tasks_of_owner WHERE ready = 0)
        UNION ALL
        SELECT (SELECT min(t.owner) FROM tasks t INDEXED BY tasks_of_owner
          WHERE t.ready = 0 AND t.owner > owners.owner)
        FROM owners WHERE owners.owner IS NOT NULL)
      SELECT owner FROM owners WHERE owner IS NOT NULL
      """;

  private final SqliteConnection connection;
  private final TaskFilter filter;

  /** Everybody who has a task that is not ready; null: not asked for yet. */
  private @Nullable List<String> owners;

  private SqliteLists(SqliteConnection connection, TaskFilter filter) {
    this.connection = connection;
    this.filter = filter;
  }

  static TaskPage list(
      SqliteConnection connection,
      TaskFilter filter,
      @Nullable TaskId after,
      int limit,
      LastShown shown)
      throws SQLException {
    String text = filter.text();
    long before = after == null ? Long.MAX_VALUE : place(connection, after, shown);
    boolean searched = text != null && !text.isEmpty();
    int wanted = (searched ? TaskStore.SEARCHED : limit) + 1;
    List<Long> newest = new SqliteLists(connection, filter).newest(before, wanted);
    boolean cut = false;
    if (text != null && searched) {
      SqliteSearch.Found found = SqliteSearch.search(connection, newest, text, limit + 1);
      newest = withNamed(connection, filter, before, found.seqs());
      cut = found.cut();
    }
    List<Task> tasks = new ArrayList<>(Math.min(limit, newest.size()));
    for (long seq : newest.subList(0, Math.min(limit, newest.size()))) {
      tasks.add(TaskRows.getBrief(connection, seq, null));
    }
    boolean more = newest.size() > limit;
    if (more) {
      shown.ended(tasks.getLast().id(), newest.get(limit - 1));
    }
    return new TaskPage(tasks, more, cut);
  }

  /** With the one whose id is looked for, which may be older than all that was looked through. */
  private static List<Long> withNamed(
      SqliteConnection connection, TaskFilter filter, long before, List<Long> found)
      throws SQLException {
    Optional<TaskId> named = filter.named();
    if (named.isEmpty()) {
      return found;
    }
    Optional<Long> seq = seq(connection, named.get()).filter(known -> known < before);
    if (seq.isEmpty()
        || found.contains(seq.get())
        || !filter.means(TaskRows.getBrief(connection, seq.get(), null))) {
      return found;
    }
    List<Long> all = new ArrayList<>(found);
    all.add(seq.get());
    all.sort(Collections.reverseOrder());
    return all;
  }

  private static Optional<Long> seq(SqliteConnection connection, TaskId id) throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(SEQ), id), Columns::number);
  }

  /**
   * The row behind which a list goes on. Ids are in the order of time: a task that is no more stood
   * before the next one by id. Children are passed over there, for their ids have their parents'
   * times.
   */
  private static long place(SqliteConnection connection, TaskId id, LastShown shown)
      throws SQLException {
    Optional<Long> known = seq(connection, id);
    if (known.isPresent()) {
      return known.get();
    }
    Long ended = shown.place(id);
    if (ended != null) {
      return ended;
    }
    for (String sql : List.of(NEXT_ID, PREVIOUS_ID)) {
      Optional<Long> neighbour =
          Columns.first(Columns.bind(connection.prepare(sql), id), Columns::number);
      if (neighbour.isPresent()) {
        return neighbour.get();
      }
    }
    return Long.MAX_VALUE;
  }

  private List<Long> newest(long before, int wanted) throws SQLException {
    boolean every =
        filter.owner() == null
            && filter.parent() == null
            && filter.type() == null
            && filter.model() == null
            && (filter.states().isEmpty() || filter.states().size() == TaskState.values().length);
    List<Source> sources = every ? List.of(source(ANY)) : sources();
    return NewestFirst.merge(sources, before, wanted);
  }

  /** The lists that are meant, of those that have tasks. */
  private List<Source> sources() throws SQLException {
    Set<TaskState> states =
        filter.states().isEmpty() ? EnumSet.allOf(TaskState.class) : filter.states();
    // Phases that share a list are one.
    Set<Group> groups = new LinkedHashSet<>();
    try (ResultSet rows = connection.prepare(COUNTERS).executeQuery()) {
      while (rows.next()) {
        String lane = rows.getString(1);
        Phase phase = Phase.valueOf(rows.getString(2));
        if (states.contains(phase.state()) && filter.means(Lane.of(lane))) {
          boolean ready = phase == Phase.READY && filter.parent() == null;
          groups.add(new Group(ready, phase.state(), lane));
        }
      }
    }
    List<Source> sources = new ArrayList<>();
    for (Group group : groups) {
      add(sources, group);
    }
    return sources;
  }

  /**
   * Tasks that stand together.
   *
   * @param ready whether they are told apart from others of the state, in an index of their own
   */
  private record Group(boolean ready, TaskState state, String lane) {}

  private void add(List<Source> sources, Group group) throws SQLException {
    int state = TaskRows.code(group.state());
    if (filter.parent() != null) {
      sources.add(source(CHILDREN, filter.parent(), state, group.lane(), filter.owner()));
    } else if (group.ready()) {
      for (int priority = Priority.MIN; priority <= Priority.MAX; priority++) {
        for (String owner : readyOwners(group.lane(), priority)) {
          sources.add(source(READY, group.lane(), priority, owner));
        }
      }
    } else if (filter.owner() == null && group.state().ended()) {
      sources.add(source(ENDED, state, group.lane()));
    } else {
      for (String owner : owners()) {
        sources.add(source(OTHERS, owner, state, group.lane()));
      }
    }
  }

  private List<String> readyOwners(String lane, int priority) throws SQLException {
    return filter.owner() == null
        ? ReadyScan.owners(connection, lane, priority)
        : List.of(filter.owner());
  }

  private List<String> owners() throws SQLException {
    if (filter.owner() != null) {
      return List.of(filter.owner());
    }
    if (owners == null) {
      owners = Columns.all(connection.prepare(OWNERS), Columns::text);
    }
    return owners;
  }

  private Source source(String sql, @Nullable Object... first) {
    @Nullable Object[] values = Arrays.copyOf(first, first.length + 2);
    return (below, most) -> {
      values[first.length] = below;
      values[first.length + 1] = most;
      return Columns.all(Columns.bind(connection.prepare(sql), values), Columns::number);
    };
  }
}
