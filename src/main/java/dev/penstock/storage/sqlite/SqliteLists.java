package dev.penstock.storage.sqlite;

import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.AsciiJson;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lists tasks. No index has them all by state and lane, since each change of state would have to
 * write it. So the newest of each phase and lane are looked for, each in the index that the phase
 * has anyway, and merged. Which phases and lanes there are is known from the counters.
 */
final class SqliteLists {
  /** An unfiltered list looks through so many tasks for each of the owner's that it needs. */
  private static final int GLANCE = 20;

  private static final long NO_LIMIT = -1;

  private static final String SEQ = "SELECT seq FROM tasks WHERE id = ?";

  private static final String COUNTERS = "SELECT lane, phase FROM counters WHERE n > 0";

  private static final String ANY =
      """
      SELECT seq FROM
        (SELECT seq, owner FROM tasks NOT INDEXED WHERE seq < ?1 ORDER BY seq DESC LIMIT ?4)
      WHERE ?2 IS NULL OR owner = ?2 ORDER BY seq DESC LIMIT ?3
      """;

  /**
   * What is live has no index in the order of age. The inner select sorts numbers out of an index
   * alone; the outer one looks at no more rows than needed. Lanes are a JSON array.
   */
  private static final String LIVE =
      """
      SELECT t.seq FROM (SELECT seq FROM tasks INDEXED BY %s
        WHERE %s AND seq < ?1 ORDER BY seq DESC LIMIT ?4) newest
      CROSS JOIN tasks t ON t.seq = newest.seq
      WHERE (?2 IS NULL OR t.owner = ?2) AND t.lane IN (SELECT value FROM json_each(?5))
      ORDER BY newest.seq DESC LIMIT ?3
      """;

  private static final String READY =
      LIVE.formatted("tasks_ready", "ready = 1 AND lane IN (SELECT value FROM json_each(?5))");
  private static final String SCHEDULED = LIVE.formatted("tasks_due", "state = 0 AND ready = 0");
  private static final String RUNNING = LIVE.formatted("tasks_leased", "state = 1");

  private static final String ENDED =
      """
      SELECT seq FROM tasks INDEXED BY tasks_ended
      WHERE state >= 2 AND state = ?4 AND lane = ?5 AND seq < ?1 AND (?2 IS NULL OR owner = ?2)
      ORDER BY seq DESC LIMIT ?3
      """;

  /** Looks at all children of the parent that are older: as many as it has, at the most. */
  private static final String CHILDREN =
      """
      SELECT seq FROM tasks INDEXED BY tasks_parent
      WHERE parent = ?4 AND seq < ?1 AND (?2 IS NULL OR owner = ?2)
        AND state IN (SELECT value FROM json_each(?5))
        AND (?6 IS NULL OR lane IN (SELECT value FROM json_each(?6)))
      ORDER BY seq DESC LIMIT ?3
      """;

  private final SqliteConnection connection;
  private final @Nullable String owner;
  private final long before;

  /** How many tasks are looked for. */
  private final int wanted;

  private SqliteLists(
      SqliteConnection connection, @Nullable String owner, long before, int wanted) {
    this.connection = connection;
    this.owner = owner;
    this.before = before;
    this.wanted = wanted;
  }

  static TaskPage list(
      SqliteConnection connection, TaskFilter filter, @Nullable TaskId after, int limit)
      throws SQLException {
    String text = filter.text();
    long before = after == null ? Long.MAX_VALUE : seq(connection, after);
    boolean searched = text != null && !text.isEmpty();
    int wanted = (searched ? TaskStore.SEARCHED : limit) + 1;
    List<Long> newest = new SqliteLists(connection, filter.owner(), before, wanted).newest(filter);
    boolean cut = false;
    if (text != null && searched) {
      SqliteSearch.Found found = SqliteSearch.search(connection, newest, text, limit + 1);
      newest = found.seqs();
      cut = found.cut();
    }
    List<Task> tasks = new ArrayList<>(Math.min(limit, newest.size()));
    for (long seq : newest.subList(0, Math.min(limit, newest.size()))) {
      tasks.add(TaskRows.getBrief(connection, seq, null));
    }
    return new TaskPage(tasks, newest.size() > limit, cut);
  }

  /** The row of a task, or the end of all rows when there is no such task. */
  private static long seq(SqliteConnection connection, TaskId id) throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(SEQ), id), Columns::number)
        .orElse(Long.MAX_VALUE);
  }

  private List<Long> newest(TaskFilter filter) throws SQLException {
    boolean everyLane = filter.type() == null && filter.model() == null;
    Set<TaskState> states =
        filter.states().isEmpty() ? EnumSet.allOf(TaskState.class) : filter.states();
    if (filter.parent() != null) {
      List<Integer> codes = states.stream().map(TaskRows::code).toList();
      String lanes =
          everyLane
              ? null
              : AsciiJson.write(
                  lanes(filter, states).values().stream()
                      .flatMap(List::stream)
                      .distinct()
                      .toList());
      return seqs(CHILDREN, filter.parent(), AsciiJson.write(codes), lanes);
    }
    if (everyLane && states.size() == TaskState.values().length) {
      long glance = owner == null ? wanted : (long) wanted * GLANCE;
      List<Long> any = seqs(ANY, glance);
      if (owner == null || any.size() == wanted) {
        return any;
      }
    }
    List<Long> found = new ArrayList<>();
    for (Map.Entry<Phase, List<String>> group : lanes(filter, states).entrySet()) {
      switch (group.getKey()) {
        case READY -> found.addAll(live(READY, group.getValue()));
        case SCHEDULED -> found.addAll(live(SCHEDULED, group.getValue()));
        case RUNNING, WAITING -> found.addAll(live(RUNNING, group.getValue()));
        case COMPLETED, FAILED, CANCELLED -> {
          for (String lane : group.getValue()) {
            found.addAll(seqs(ENDED, TaskRows.code(group.getKey().state()), lane));
          }
        }
      }
    }
    found.sort(Comparator.reverseOrder());
    return found.subList(0, Math.min(wanted, found.size()));
  }

  /** The lanes that have tasks of each phase, of those that are meant. */
  private Map<Phase, List<String>> lanes(TaskFilter filter, Set<TaskState> states)
      throws SQLException {
    Map<Phase, List<String>> lanes = new EnumMap<>(Phase.class);
    try (ResultSet rows = connection.prepare(COUNTERS).executeQuery()) {
      while (rows.next()) {
        String lane = rows.getString(1);
        Phase phase = Phase.valueOf(rows.getString(2));
        if (states.contains(phase.state()) && filter.means(Lane.of(lane))) {
          // Who waits for children lies among those that run.
          Phase place = phase == Phase.WAITING ? Phase.RUNNING : phase;
          lanes.computeIfAbsent(place, _ -> new ArrayList<>()).add(lane);
        }
      }
    }
    return lanes;
  }

  /** Mostly the newest will do; only where others own them all are looked at. */
  private List<Long> live(String sql, List<String> lanes) throws SQLException {
    String json = AsciiJson.write(lanes);
    List<Long> found = seqs(sql, wanted, json);
    return found.size() == wanted ? found : seqs(sql, NO_LIMIT, json);
  }

  private List<Long> seqs(String sql, @Nullable Object... more) throws SQLException {
    @Nullable Object[] values = new @Nullable Object[3 + more.length];
    values[0] = before;
    values[1] = owner;
    values[2] = wanted;
    System.arraycopy(more, 0, values, 3, more.length);
    return Columns.all(Columns.bind(connection.prepare(sql), values), Columns::number);
  }
}
