package dev.penstock.storage.sqlite;

import dev.penstock.storage.Phase;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The task that a statement changed, which answers its {@code seq}, {@code lane} and {@code
 * beside}.
 *
 * @param beside whether it may have a checkpoint or children
 */
record Changed(long seq, String lane, boolean beside) {

  /** The one that the statement changes; null when it changes none. */
  static @Nullable Changed by(PreparedStatement statement) throws SQLException {
    return Columns.first(statement, Changed::read).orElse(null);
  }

  /**
   * Some of the rows that a query answers, each followed by the bytes of its input: fewer where
   * those are long.
   */
  static List<Changed> some(PreparedStatement query) throws SQLException {
    List<Changed> some = new ArrayList<>();
    try (ResultSet rows = query.executeQuery()) {
      long bytes = 0;
      while (bytes < TaskRows.MOST_BYTES && rows.next()) {
        Columns row = new Columns(rows);
        some.add(read(row));
        bytes += row.number();
      }
    }
    return some;
  }

  static Changed read(Columns row) throws SQLException {
    return new Changed(row.number(), row.text(), row.small() == 1);
  }

  /** Counts a task of the lane elsewhere than before. */
  static void count(SqliteConnection connection, String lane, Phase from, Phase to) {
    add(connection, lane, from, -1);
    add(connection, lane, to, 1);
  }

  static void add(SqliteConnection connection, String lane, Phase phase, int delta) {
    connection.count(lane, phase.name(), delta);
  }
}
