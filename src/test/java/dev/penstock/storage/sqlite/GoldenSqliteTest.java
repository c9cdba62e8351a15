package dev.penstock.storage.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.GoldenFamily;
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

/**
 * A database has the tables and rows that version 0.1.0 wrote, and its rows are understood;
 * likewise what later versions of the tables have beside those.
 */
final class GoldenSqliteTest {
  private static final String FILE = "sqlite-0.1.0.sql";

  /** Checkpoints and children, as version 6 of the tables has them. */
  private static final String FAMILY = "sqlite-6.sql";

  @TempDir Path folder;
  private final SettableClock clock = new SettableClock();

  private Path file() {
    return folder.resolve("penstock.db");
  }

  private static Connection connect(Path file) throws SQLException {
    return DriverManager.getConnection("jdbc:sqlite:" + file);
  }

  /** Makes a database of a golden file. */
  private static void make(Path file, String golden) throws Exception {
    try (Connection connection = connect(file);
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(Golden.text(golden));
    }
  }

  /** Of the tables and columns that version 0.1.0 had: later ones may have more, and indexes. */
  @Test
  void everyTableAndRowIsAsItWas() throws Exception {
    try (SqliteDatabase database = SqliteDatabase.open(file())) {
      TaskStore store = Storage.in(database, clock).tasks();
      KeyStore keys = Storage.in(database, InstantSource.system()).keys();
      GoldenScenario.play(store, keys, clock);
      GoldenScenario.checkRead(store, keys);
    }
    Path old = folder.resolve("old.db");
    make(old, FILE);
    assertThat(GoldenScenario.masked(rowsAsIn(old, file())))
        .isEqualTo(GoldenScenario.masked(rowsAsIn(old, old)));
  }

  @Test
  void everyCheckpointAndEveryChildIsAsItWas() throws Exception {
    try (SqliteDatabase database = SqliteDatabase.open(file())) {
      TaskStore store = Storage.in(database, clock).tasks();
      GoldenFamily.play(store);
      GoldenFamily.checkRead(store);
    }
    Path old = folder.resolve("old.db");
    make(old, FAMILY);
    assertThat(GoldenScenario.masked(rowsAsIn(old, file())))
        .isEqualTo(GoldenScenario.masked(rowsAsIn(old, old)));
  }

  @Test
  void whatVersionSixLeftIsReadAndGoesOn() throws Exception {
    make(file(), FAMILY);
    try (SqliteDatabase database = SqliteDatabase.open(file())) {
      TaskStore store = Storage.in(database, clock).tasks();
      GoldenFamily.checkRead(store);
      GoldenFamily.goOn(store, clock);
      for (String table : List.of("task_children", "new_children", "abandoning")) {
        assertThat(database.<Long>read(c -> c.number("SELECT count(*) FROM " + table)))
            .as(table)
            .isZero();
      }
    }
  }

  @Test
  void whatThatVersionLeftIsReadAndGoesOn() throws Exception {
    String running;
    String done;
    make(file(), FILE);
    try (Connection connection = connect(file());
        Statement statement = connection.createStatement()) {
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

  /** What a database has of the tables and columns of an older one. */
  private static String rowsAsIn(Path older, Path database) throws SQLException {
    var found = new StringBuilder();
    try (Connection old = connect(older);
        Connection connection = connect(database);
        Statement schema = old.createStatement();
        Statement statement = connection.createStatement()) {
      for (String table : tables(schema)) {
        List<String> columns = columns(schema, table);
        for (String column : columns) {
          String as = "SELECT concat_ws(' ', type, \"notnull\", pk) FROM pragma_table_info('%s')";
          String query = (as + " WHERE name = '%s'").formatted(table, column);
          found.append(table).append('.').append(column).append(' ');
          found.append(rows(statement, query)).append('\n');
        }
        inserts(statement, table, columns).forEach(found::append);
      }
    }
    return found.toString();
  }

  private static List<String> tables(Statement statement) throws SQLException {
    return rows(statement, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  }

  private static List<String> columns(Statement statement, String table) throws SQLException {
    return rows(statement, "SELECT name FROM pragma_table_info('" + table + "')");
  }

  private static List<String> inserts(Statement statement, String table, List<String> columns)
      throws SQLException {
    String values = String.join("), quote(", columns);
    return rows(
            statement,
            "SELECT concat_ws(', ', quote(%s)) FROM %s ORDER BY 1".formatted(values, table))
        .stream()
        .map(row ->
            "INSERT INTO %s (%s) VALUES (%s);\n".formatted(table, String.join(", ", columns), row))
        .toList();
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
