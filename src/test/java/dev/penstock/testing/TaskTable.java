package dev.penstock.testing;

import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;

/** The table of tasks as a stopped Penstock left it on disk. */
public final class TaskTable {
  /** By the numbers that stand for them in the file. */
  private static final List<TaskState> STATES =
      List.of(
          TaskState.PENDING,
          TaskState.PROCESSING,
          TaskState.COMPLETED,
          TaskState.FAILED,
          TaskState.CANCELLED);

  private final List<Row> rows;

  private record Row(TaskState state, int attempts, int lost) {}

  private TaskTable(List<Row> rows) {
    this.rows = List.copyOf(rows);
  }

  public static TaskTable read(Path database) throws SQLException {
    List<Row> rows = new ArrayList<>();
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + database);
        var statement = connection.createStatement();
        var result = statement.executeQuery("SELECT state, attempts, lost FROM tasks")) {
      while (result.next()) {
        rows.add(new Row(STATES.get(result.getInt(1)), result.getInt(2), result.getInt(3)));
      }
    }
    return new TaskTable(rows);
  }

  public long count(TaskState state) {
    return rows.stream().filter(row -> row.state() == state).count();
  }

  public int lostLeases() {
    return rows.stream().mapToInt(Row::lost).sum();
  }

  public int mostAttempts() {
    return most(EnumSet.allOf(TaskState.class), Row::attempts);
  }

  public int mostAttemptsOfPending() {
    return most(EnumSet.of(TaskState.PENDING), Row::attempts);
  }

  public int mostLostOfCompleted() {
    return most(EnumSet.of(TaskState.COMPLETED), Row::lost);
  }

  private int most(Set<TaskState> states, ToIntFunction<Row> figure) {
    return rows.stream()
        .filter(row -> states.contains(row.state()))
        .mapToInt(figure)
        .max()
        .orElse(0);
  }
}
