package dev.penstock.storage.sqlite;

import dev.penstock.core.Step;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore.Lapsed;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.storage.TaskStore.TakenOver;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes back the right to run tasks: it has lapsed, or who had it is dead. */
final class SqliteLapses {
  private static final String LAPSED =
      """
      SELECT seq, lane, lost, input_bytes, apart, worker, started_at
      FROM tasks INDEXED BY tasks_leased
      WHERE state = 1 AND lease_until < ? ORDER BY lease_until LIMIT ?
      """;

  /** Those that wait for children have no lease, and no holder any more. */
  private static final String LEFT_BEHIND =
      """
      SELECT t.seq, t.lane, t.lost, t.input_bytes, coalesce(t.apart, h.gone), t.worker, t.started_at
      FROM tasks t INDEXED BY tasks_leased JOIN holders h ON h.worker = t.worker
      WHERE t.state = 1 AND t.lease_until IS NOT NULL AND h.worker <> ?
      LIMIT ?
      """;

  private static final String LOSE =
      """
      UPDATE tasks SET state = 0, ready = 1, lost = lost + ?, deaths = deaths + ?, token = NULL,
        lease_until = NULL, started_at = NULL, queued_at = ?, start_by = NULL
      WHERE seq = ?
      """;

  private static final String GIVE_UP =
      """
      UPDATE tasks SET state = 3, lost = lost + ?, deaths = deaths + ?, token = NULL,
        lease_until = NULL, finished_at = ?,
        expires_at = CASE WHEN parent IS NULL THEN ? + keep_failed END,
        error_code = ?, error_message = ?, start_by = NULL
      WHERE seq = ?
      RETURNING seq, lane, beside
      """;

  private static final String OTHERS = "SELECT 1 FROM holders WHERE worker <> ? AND gone = 0";
  private static final String FORGET_OTHERS = "DELETE FROM holders WHERE worker <> ?";
  private static final String HOLD = "INSERT OR IGNORE INTO holders (worker) VALUES (?)";
  private static final String LEAVE = "UPDATE holders SET gone = 1 WHERE worker = ?";

  private SqliteLapses() {}

  private record Row(
      long seq,
      String lane,
      int lost,
      boolean apart,
      @Nullable String worker,
      @Nullable Long started) {}

  /**
   * What is counted of a lease that has ended.
   *
   * @param lost 1 or 0, as the next
   */
  private record Count(int lost, int deaths) {}

  static Lapsed reclaim(
      SqliteConnection connection,
      Duration margin,
      int maxLost,
      int limit,
      Living living,
      Instant now)
      throws SQLException {
    long before = Micros.of(now) - Micros.of(margin);
    List<Row> lapsed = rows(Columns.bind(connection.prepare(LAPSED), before, limit));
    var ended = new Lapsed(new ArrayList<>(), new ArrayList<>());
    for (Row row : lapsed) {
      boolean death = !row.apart() && died(row, living, now);
      take(connection, row, new Count(1, death ? 1 : 0), maxLost, now, ended);
    }
    return ended;
  }

  /** Whether nobody is known to live who could have taken the lease. */
  private static boolean died(Row row, Living living, Instant now) {
    if (!living.known() || row.worker() == null || row.started() == null) {
      return false;
    }
    Duration since = living.processes().get(row.worker());
    return since == null
        || (!since.equals(Living.ALWAYS) && row.started() < Micros.of(now) - Micros.of(since));
  }

  /**
   * What ran apart did not kill its holder, and nothing killed one that left: then the lease is
   * taken back, and nothing is counted.
   */
  static TakenOver takeOver(
      SqliteConnection connection, String process, int maxLost, int limit, Instant now)
      throws SQLException {
    boolean died = Columns.any(Columns.bind(connection.prepare(OTHERS), process));
    List<Row> left = rows(Columns.bind(connection.prepare(LEFT_BEHIND), process, limit));
    var ended = new Lapsed(new ArrayList<>(), new ArrayList<>());
    for (Row row : left) {
      take(connection, row, row.apart() ? new Count(0, 0) : new Count(1, 1), maxLost, now, ended);
    }
    if (left.isEmpty()) {
      Columns.bind(connection.prepare(FORGET_OTHERS), process).executeUpdate();
      Columns.bind(connection.prepare(HOLD), process).executeUpdate();
    }
    return new TakenOver(died, ended);
  }

  static boolean leave(SqliteConnection connection, String process) throws SQLException {
    return Columns.bind(connection.prepare(LEAVE), process).executeUpdate() > 0;
  }

  private static List<Row> rows(PreparedStatement query) throws SQLException {
    List<Row> some = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      long bytes = 0;
      while (bytes < TaskRows.MOST_BYTES && rows.next()) {
        Columns row = new Columns(rows);
        long seq = row.number();
        String lane = row.text();
        int lost = row.small();
        bytes += row.number();
        boolean apart = row.small() == 1;
        some.add(new Row(seq, lane, lost, apart, row.textOrNull(), row.numberOrNull()));
      }
    }
    return some;
  }

  /** Makes the task ready again, or fails it, and adds it to what has ended. */
  private static void take(
      SqliteConnection connection, Row row, Count count, int maxLost, Instant time, Lapsed ended)
      throws SQLException {
    long now = Micros.of(time);
    SqliteSteps.add(connection, row.seq(), Step.Kind.LOST, time, null);
    int lost = row.lost() + count.lost();
    if (count.lost() > 0 && lost > maxLost) {
      PreparedStatement giveUp =
          Columns.bind(
              connection.prepare(GIVE_UP),
              count.lost(),
              count.deaths(),
              now,
              now,
              TaskError.Code.LEASE_LOST.name(),
              "its worker vanished " + lost + " times while running it",
              row.seq());
      Changed given = Changed.by(giveUp);
      if (given != null && given.beside()) {
        SqliteFamilies.parentEnded(connection, row.seq());
      }
      Changed.count(connection, row.lane(), Phase.RUNNING, Phase.FAILED);
      Task failed = TaskRows.get(connection, row.seq());
      ended.failed().add(failed);
    } else {
      Columns.bind(connection.prepare(LOSE), count.lost(), count.deaths(), now, row.seq())
          .executeUpdate();
      Changed.count(connection, row.lane(), Phase.RUNNING, Phase.READY);
      TaskSpec ready = TaskRows.get(connection, row.seq()).spec();
      ended.ready().add(ready);
    }
  }
}
