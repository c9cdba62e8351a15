package dev.penstock.storage.sqlite;

import dev.penstock.storage.AsciiJson;
import dev.penstock.storage.TaskStore;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Looks for a text in tasks. */
final class SqliteSearch {
  private static final int AT_A_TIME = 250;

  /** One search reads no more input than this: some tenths of a second. */
  private static final long MOST_BYTES = 64L * 1024 * 1024;

  /**
   * Metadata and inputs are JSON, where a text may stand as it is or escaped. The cheapest places
   * are looked at first.
   */
  private static final String SEARCH =
      """
      SELECT t.seq, iif(t.input_bytes <= ?4, t.input_bytes, 0),
        t.id LIKE ?2 ESCAPE '\\'
        OR coalesce(t.error_code LIKE ?2 ESCAPE '\\', 0)
        OR coalesce(t.error_message LIKE ?2 ESCAPE '\\', 0)
        OR p.metadata LIKE ?3 ESCAPE '\\'
        OR (t.input_bytes <= ?4 AND CAST(p.input AS TEXT) LIKE ?2 ESCAPE '\\')
        OR (t.input_bytes <= ?4 AND ?2 <> ?3 AND CAST(p.input AS TEXT) LIKE ?3 ESCAPE '\\')
      FROM json_each(?1) j
      CROSS JOIN tasks t ON t.seq = j.value
      CROSS JOIN task_payloads p ON p.seq = t.seq
      """;

  private SqliteSearch() {}

  /**
   * @param cut whether some that might match were not looked at, for there are too many
   */
  record Found(List<Long> seqs, boolean cut) {}

  /**
   * The first {@code most} of the tasks that contain the text.
   *
   * @param seqs more than {@link TaskStore#SEARCHED}: the rest is not looked at
   */
  static Found search(SqliteConnection connection, List<Long> seqs, String text, int most)
      throws SQLException {
    String plain = pattern(text);
    String escaped = pattern(AsciiJson.escaped(text));
    List<Long> found = new ArrayList<>();
    int end = Math.min(seqs.size(), TaskStore.SEARCHED);
    int from = 0;
    long bytes = 0;
    while (from < end && found.size() < most && bytes < MOST_BYTES) {
      List<Long> some = seqs.subList(from, Math.min(end, from + AT_A_TIME));
      from += some.size();
      PreparedStatement search =
          Columns.bind(
              connection.prepare(SEARCH),
              AsciiJson.write(some),
              plain,
              escaped,
              TaskStore.SEARCHED_INPUT_BYTES);
      Set<Long> matches = new HashSet<>();
      try (ResultSet rows = search.executeQuery()) {
        while (rows.next()) {
          bytes += rows.getLong(2);
          if (rows.getBoolean(3)) {
            matches.add(rows.getLong(1));
          }
        }
      }
      some.stream().filter(matches::contains).forEach(found::add);
    }
    boolean enough = found.size() >= most;
    return new Found(enough ? found.subList(0, most) : found, !enough && from < seqs.size());
  }

  private static String pattern(String text) {
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
  }
}
