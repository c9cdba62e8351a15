package dev.penstock.queue;

import dev.penstock.queue.TaskQueue.Delivery;
import dev.penstock.queue.TaskQueue.Room;
import dev.penstock.sqlite.SqliteConnection;
import dev.penstock.sqlite.Work;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One look for messages of a lane. It takes them in hand while it reads, so two receivers that look
 * at once share the messages out. Messages in hand stand at the head of the index only until they
 * are claimed, so a look passes few of them.
 */
final class Take implements Work<List<Delivery>> {
  private static final String READY =
      """
      SELECT id, priority, runs, input_bytes, lost FROM tasks INDEXED BY tasks_ready
      WHERE ready = 1 AND lane = ? AND priority >= ? ORDER BY priority DESC, seq
      """;

  private final InHand inHand;
  private final Lane lane;
  private final Room room;
  private @Nullable List<Delivery> taken;
  private boolean givenUp;

  Take(InHand inHand, Lane lane, Room room) {
    this.inHand = inHand;
    this.lane = lane;
    this.room = room;
  }

  @Override
  public List<Delivery> on(SqliteConnection connection) throws SQLException {
    List<Delivery> found = new ArrayList<>();
    boolean kept = false;
    try {
      PreparedStatement ready = connection.prepare(READY);
      ready.setString(1, lane.name());
      ready.setInt(2, room.least().value());
      try (ResultSet rows = ready.executeQuery()) {
        long bytes = 0;
        int suspects = 0;
        while (found.size() < room.tasks() && rows.next()) {
          boolean suspect = rows.getInt(5) > 0;
          if (suspect && suspects >= room.suspects()) {
            continue;
          }
          long more = rows.getLong(4);
          if (!found.isEmpty() && bytes + more > room.bytes()) {
            break;
          }
          Delivery delivery =
              inHand.take(new TaskId(rows.getString(1)), lane, rows.getLong(3), rows.getInt(2));
          if (delivery != null) {
            found.add(delivery);
            bytes += more;
            suspects += suspect ? 1 : 0;
          }
        }
      }
      kept = keep(found);
      return found;
    } finally {
      if (!kept) {
        found.forEach(inHand::drop);
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
      taken.forEach(inHand::drop);
    }
  }
}
