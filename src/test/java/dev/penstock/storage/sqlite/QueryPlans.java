package dev.penstock.storage.sqlite;

import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;

/** How SQLite goes about a statement. */
final class QueryPlans {
  private QueryPlans() {}

  /** Its steps, in SQLite's words. */
  static List<String> plan(SqliteDatabase database, String sql) {
    return database.<List<String>>read(connection -> {
      List<String> steps = new ArrayList<>();
      try (ResultSet rows = connection.prepare("EXPLAIN QUERY PLAN " + sql).executeQuery()) {
        while (rows.next()) {
          steps.add(rows.getString("detail"));
        }
      }
      return steps;
    });
  }
}
