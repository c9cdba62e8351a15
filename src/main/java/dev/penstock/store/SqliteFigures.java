package dev.penstock.store;

import dev.penstock.sqlite.SqliteConnection;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads the figures from the counters, which every change of a task keeps: its cost does not grow.
 */
final class SqliteFigures {
  /**
   * Beside each counter of ready tasks, since when the oldest waits. Within a priority tasks come
   * in the order of their numbers, and one that became ready late stands before others: so the
   * first few of each are looked at.
   */
  private static final String COUNTERS =
      """
      SELECT c.lane, c.phase, c.n,
        CASE c.phase WHEN 'READY' THEN (SELECT min((SELECT min(since) FROM
            (SELECT coalesce(t.queued_at, t.created_at) AS since
              FROM tasks t INDEXED BY tasks_ready
              WHERE t.ready = 1 AND t.lane = c.lane AND t.priority = p.column1
              ORDER BY t.seq LIMIT 20)))
          FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) p) END
      FROM counters c WHERE c.n > 0 ORDER BY c.lane
      """;

  private SqliteFigures() {}

  private static final class Counts {
    private final Map<Phase, Long> phases = new EnumMap<>(Phase.class);
    private @Nullable Instant oldest;

    long of(Phase phase) {
      return phases.getOrDefault(phase, 0L);
    }
  }

  static TaskStore.Figures read(SqliteConnection connection) throws SQLException {
    Map<TaskState, Long> states = new EnumMap<>(TaskState.class);
    for (TaskState state : TaskState.values()) {
      states.put(state, 0L);
    }
    Map<String, Counts> lanes = new TreeMap<>();
    try (ResultSet rows = connection.prepare(COUNTERS).executeQuery()) {
      Columns row = new Columns(rows);
      while (rows.next()) {
        row.rewind();
        String lane = row.text();
        Phase phase = Phase.valueOf(row.text());
        long n = row.number();
        Long oldest = row.numberOrNull();
        states.merge(phase.state(), n, Long::sum);
        if (!phase.state().ended() || phase == Phase.FAILED) {
          Counts counts = lanes.computeIfAbsent(lane, name -> new Counts());
          counts.phases.put(phase, n);
          if (oldest != null) {
            counts.oldest = Micros.toInstant(oldest);
          }
        }
      }
    }
    List<TaskStore.LaneFigures> figures = new ArrayList<>();
    lanes.forEach((lane, counts) ->
        figures.add(
            new TaskStore.LaneFigures(
                Lane.of(lane),
                counts.of(Phase.READY),
                counts.of(Phase.SCHEDULED),
                counts.of(Phase.RUNNING),
                counts.of(Phase.FAILED),
                counts.oldest)));
    return new TaskStore.Figures(states, figures);
  }
}
