package dev.penstock.storage.sqlite;

import dev.penstock.storage.GoldenScenario;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskStore;
import dev.penstock.testing.Golden;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database has the tables and rows that version 0.1.0 wrote, and its rows are understood. */
final class GoldenSqliteTest {
  private static final String FILE = "sqlite-0.1.0.sql";

  @TempDir Path folder;
  private final SettableClock clock = new SettableClock();

  private Path file() {
    return folder.resolve("penstock.db");
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:" + file());
  }

  @Test
  void everyTableAndRowIsAsItWas() throws Exception {
    try (SqliteDatabase database = SqliteDatabase.open(file())) {
      TaskStore store = Storage.in(database, clock).tasks();
      KeyStore keys = Storage.in(database, InstantSource.system()).keys();
      GoldenScenario.play(store, keys, clock);
      GoldenScenario.checkRead(store, keys);
    }
    GoldenScenario.check(FILE, dump());
  }

  @Test
  void whatThatVersionLeftIsReadAndGoesOn() throws Exception {
    String running;
    String done;
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(Golden.text(FILE));
      running = token(statement, "token", GoldenScenario.RUNS.value());
      done = token(statement, "settled_token", GoldenScenario.DONE.value());
    }
    clock.advance(Duration.ofSeconds(42));
    try (SqliteDatabase database = SqliteDatabase.open(file())) {
      TaskStore store = Storage.in(database, clock).tasks();
      GoldenScenario.checkRead(store, Storage.in(database, InstantSource.system()).keys());
      GoldenScenario.goOn(store, clock, running, done);
    }
  }

  private static String token(Statement statement, String column, String id) throws SQLException {
    return rows(statement, "SELECT " + column + " FROM tasks WHERE id = '" + id + "'").getFirst();
  }

  /** A script that makes the database anew. */
  private String dump() throws SQLException {
    var dump = new StringBuilder();
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String pragma : List.of("user_version", "application_id", "auto_vacuum", "page_size")) {
        dump.append(
            "PRAGMA %s = %s;\n".formatted(pragma, rows(statement, "PRAGMA " + pragma).getFirst()));
      }
      for (String sql :
          rows(
              statement,
              "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
                  + " ORDER BY type = 'table' DESC, name")) {
        dump.append(sql).append(";\n");
      }
      for (String table :
          rows(statement, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")) {
        List<String> columns =
            rows(statement, "SELECT name FROM pragma_table_info('" + table + "')");
        String values = String.join("), quote(", columns);
        for (String row :
            rows(
                statement,
                "SELECT concat_ws(', ', quote(%s)) FROM %s ORDER BY 1".formatted(values, table))) {
          dump.append(
              "INSERT INTO %s (%s) VALUES (%s);\n"
                  .formatted(table, String.join(", ", columns), row));
        }
      }
    }
    return dump.toString();
  }

  private static List<String> rows(Statement statement, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (ResultSet found = statement.executeQuery(query)) {
      while (found.next()) {
        rows.add(found.getString(1));
      }
    }
    return rows;
  }
}
