package dev.penstock.storage.sqlite;

import dev.penstock.core.LeasedTask;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One look for messages of a lane. It takes what it finds while it reads, so two receivers that
 * look at once share the messages out. Messages in flight stand at the head of an owner's part of
 * the index only until they are claimed, so a look passes few of them.
 *
 * <p>Owners are found by leaps through the index, no more of them than there is room for messages;
 * then each owner's messages are read in its part. With one owner that is one scan, as if there
 * were no turns.
 */
final class ReadyScan implements Work<List<Delivery>> {
  static final String NEXT_PRIORITY =
      """
      SELECT priority FROM tasks INDEXED BY tasks_ready
      WHERE ready = 1 AND lane = ? AND priority >= ? AND priority < ?
      ORDER BY priority DESC LIMIT 1
      """;

  static final String OWNERS =
      """
      WITH RECURSIVE owners(owner) AS (
        SELECT (SELECT min(owner) FROM tasks INDEXED BY tasks_ready
          WHERE ready = 1 AND lane = ?1 AND priority = ?2 AND owner > ?3 AND owner <= ?4)
        UNION ALL
        SELECT (SELECT min(t.owner) FROM tasks t INDEXED BY tasks_ready
          WHERE t.ready = 1 AND t.lane = ?1 AND t.priority = ?2
            AND t.owner > owners.owner AND t.owner <= ?4)
        FROM owners WHERE owners.owner IS NOT NULL)
      SELECT owner FROM owners WHERE owner IS NOT NULL LIMIT ?5
      """;

  static final String READY =
      """
      SELECT seq, id, runs, input_bytes, deaths FROM tasks INDEXED BY tasks_ready
      WHERE ready = 1 AND lane = ? AND priority = ? AND owner = ? AND seq > ? ORDER BY seq
      """;

  /** The same looks in the index of suspects alone: they may be few among very many. */
  static String ofSuspects(String sql) {
    return sql.replace("INDEXED BY tasks_ready", "INDEXED BY tasks_suspects")
        .replace("ready = 1", "ready = 1 AND deaths >= " + LeasedTask.SUSPECT);
  }

  private PreparedStatement prepare(SqliteConnection connection, String sql) throws SQLException {
    return connection.prepare(room.suspectsOnly() ? ofSuspects(sql) : sql);
  }

  /** The last character there is: comes behind every owner. */
  private static final String BEHIND_ALL = "\uDBFF\uDFFF";

  private final InFlight inFlight;
  private final LastTurns served;
  private final Lane lane;
  private final Room room;
  private final List<Delivery> found = new ArrayList<>();
  private long bytes;
  private int suspects;
  private boolean full;
  private @Nullable List<Delivery> taken;
  private boolean givenUp;

  ReadyScan(InFlight inFlight, LastTurns served, Lane lane, Room room) {
    this.inFlight = inFlight;
    this.served = served;
    this.lane = lane;
    this.room = room;
  }

  private record Row(long seq, TaskId id, long runs, long bytes, boolean suspect) {}

  /** An owner's messages of one priority, a page in memory. */
  private static final class Turn {
    private final String owner;
    private final ArrayDeque<Row> page = new ArrayDeque<>();
    private long read = Long.MIN_VALUE;
    private boolean last;

    private Turn(String owner) {
      this.owner = owner;
    }
  }

  @Override
  public List<Delivery> on(SqliteConnection connection) throws SQLException {
    boolean kept = false;
    try {
      int above = Integer.MAX_VALUE;
      while (!full) {
        Integer priority = nextPriority(connection, above);
        if (priority == null) {
          break;
        }
        takeOf(connection, priority);
        above = priority;
      }
      kept = keep(found);
      return found;
    } finally {
      if (!kept) {
        found.forEach(inFlight::drop);
      }
    }
  }

  private @Nullable Integer nextPriority(SqliteConnection connection, int above)
      throws SQLException {
    PreparedStatement next =
        Columns.bind(prepare(connection, NEXT_PRIORITY), lane, room.least().value(), above);
    return Columns.first(next, Columns::small).orElse(null);
  }

  /** Takes messages of one priority, until there are none or there is no more room. */
  private void takeOf(SqliteConnection connection, int priority) throws SQLException {
    String first = served.last(lane, priority);
    List<String> owners = owners(connection, priority, first, BEHIND_ALL);
    boolean behind = owners.size() == left();
    if (!behind) {
      owners.addAll(owners(connection, priority, "", first));
    }
    while (!full && !owners.isEmpty()) {
      boolean more = owners.size() >= left();
      String last = owners.getLast();
      takeInTurns(connection, priority, owners);
      if (!more || full) {
        return;
      }
      // All that these owners have is in flight already, or to be left alone: on to the next.
      if (behind) {
        owners = owners(connection, priority, last, BEHIND_ALL);
        behind = owners.size() == left();
        if (!behind) {
          owners.addAll(owners(connection, priority, "", first));
        }
      } else {
        owners = owners(connection, priority, last, first);
      }
    }
  }

  private int left() {
    return room.tasks() - found.size();
  }

  private List<String> owners(SqliteConnection connection, int priority, String after, String upTo)
      throws SQLException {
    PreparedStatement owners =
        Columns.bind(prepare(connection, OWNERS), lane, priority, after, upTo, left());
    return Columns.all(owners, Columns::text);
  }

  /** Everybody who has a ready task of the lane and the priority. */
  static List<String> owners(SqliteConnection connection, String lane, int priority)
      throws SQLException {
    PreparedStatement owners =
        Columns.bind(connection.prepare(OWNERS), lane, priority, "", BEHIND_ALL, Integer.MAX_VALUE);
    return Columns.all(owners, Columns::text);
  }

  private void takeInTurns(SqliteConnection connection, int priority, List<String> owners)
      throws SQLException {
    ArrayDeque<Turn> turns = new ArrayDeque<>();
    owners.stream().filter(room::takes).forEach(owner -> turns.add(new Turn(owner)));
    while (!full && !turns.isEmpty()) {
      Turn turn = turns.remove();
      int share = Math.ceilDiv(left(), turns.size() + 1);
      if (takeOne(connection, priority, turn, share)) {
        turns.add(turn);
      }
    }
  }

  /** False: this owner has no more. */
  private boolean takeOne(SqliteConnection connection, int priority, Turn turn, int share)
      throws SQLException {
    while (true) {
      if (turn.page.isEmpty() && !turn.last) {
        read(connection, priority, turn, share);
      }
      Row row = turn.page.poll();
      if (row == null) {
        return false;
      }
      if (row.suspect() && suspects >= room.suspects()) {
        continue;
      }
      if (!found.isEmpty() && bytes + row.bytes() > room.bytes()) {
        full = true;
        return false;
      }
      Delivery delivery = inFlight.take(row.id(), lane, row.runs(), priority);
      if (delivery != null) {
        found.add(delivery);
        bytes += row.bytes();
        suspects += row.suspect() ? 1 : 0;
        full = left() == 0;
        served.turn(lane, priority, turn.owner);
        return true;
      }
    }
  }

  private void read(SqliteConnection connection, int priority, Turn turn, int share)
      throws SQLException {
    PreparedStatement ready = prepare(connection, READY);
    ready.setString(1, lane.name());
    ready.setInt(2, priority);
    ready.setString(3, turn.owner);
    ready.setLong(4, turn.read);
    try (ResultSet rows = ready.executeQuery()) {
      while (turn.page.size() < share) {
        if (!rows.next()) {
          turn.last = true;
          return;
        }
        turn.read = rows.getLong(1);
        var id = new TaskId(rows.getString(2));
        long runs = rows.getLong(3);
        boolean suspect = rows.getInt(5) >= LeasedTask.SUSPECT;
        if (!inFlight.has(id, runs) && !(suspect && suspects >= room.suspects())) {
          turn.page.add(new Row(turn.read, id, runs, rows.getLong(4), suspect));
        }
      }
    }
  }

  /** False: the receiver has given up meanwhile. */
  private synchronized boolean keep(List<Delivery> found) {
    taken = found;
    return !givenUp;
  }

  /** The receiver will not get the answer: what was or will be taken goes back. */
  synchronized void giveUp() {
    givenUp = true;
    if (taken != null) {
      taken.forEach(inFlight::drop);
    }
  }
}
