package dev.penstock.testing;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Many copies of a task that has ended, written into the file of a stopped Penstock at once. Each
 * is as long as the task itself.
 */
public final class EndedTasks {
  private final Path database;
  private final int number;

  private EndedTasks(Path database, int number) {
    this.database = database;
    this.number = number;
  }

  /** Copies the completed ping of that id so many times. */
  public static EndedTasks copy(Path database, String id, int number) throws SQLException {
    try (Connection connection = open(database);
        Statement statement = connection.createStatement()) {
      statement.execute("BEGIN");
      statement.execute(
          "CREATE TEMP TABLE copies AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL"
              + " SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n".formatted(number));
      statement.execute(
          "CREATE TEMP TABLE one AS SELECT seq FROM tasks WHERE id = '%s'".formatted(id));
      for (String table : List.of("tasks", "task_payloads", "task_outputs", "task_steps")) {
        statement.execute(
            "INSERT INTO %s (%s) SELECT %s FROM copies, %s t WHERE t.seq = (SELECT seq FROM one)"
                .formatted(
                    table,
                    String.join(", ", columns(connection, table)),
                    String.join(
                        ", ", columns(connection, table).stream().map(EndedTasks::copied).toList()),
                    table));
      }
      statement.execute(
          "UPDATE counters SET n = n + %d WHERE lane = 'ping' AND phase = 'COMPLETED'"
              .formatted(number));
      statement.execute("COMMIT");
    }
    return new EndedTasks(database, number);
  }

  /** A copy's place is its own; its id ends in its number, in digits that every id may have. */
  private static String copied(String column) {
    return switch (column) {
      case "seq" -> "1000000 + i";
      case "id" -> "substr(t.id, 1, 26) || printf('%010d', i)";
      case "identity_key", "identity_digest" -> "NULL";
      default -> "t." + column;
    };
  }

  private static List<String> columns(Connection connection, String table) throws SQLException {
    List<String> columns = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT name FROM pragma_table_info('" + table + "')")) {
      while (rows.next()) {
        columns.add(rows.getString(1));
      }
    }
    return columns;
  }

  /** Lets the first of them expire then, and each a while after the one before. */
  public void expire(Instant first, Duration each) throws SQLException {
    try (Connection connection = open(database);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE tasks SET expires_at = %d + (seq - 1000000) * %d WHERE seq > 1000000"
              .formatted(first.toEpochMilli() * 1_000, each.toNanos() / 1_000));
    }
  }

  /** How many of them are there still. The program may run. */
  public int left() throws SQLException {
    try (Connection connection = open(database);
        Statement statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT count(*) FROM tasks WHERE seq BETWEEN 1000001 AND "
                    + (1_000_000 + number))) {
      return rows.getInt(1);
    }
  }

  private static Connection open(Path database) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 10000");
    }
    return connection;
  }
}
