package dev.penstock.storage.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That a list reads no more of an index than it shows. */
final class SqliteListsTest {
  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private SqliteDatabase database;

  @BeforeEach
  void open() {
    database = SqliteDatabase.open(folder.resolve("penstock.db"));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private List<String> plan(String sql) {
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

  private void assertPlan(String sql, String... steps) {
    assertThat(plan(sql)).as(sql).containsExactly(steps);
  }

  @Test
  void everyPartOfAListBeginsAtItsPlaceInAnIndexAndIsSortedThere() {
    assertPlan(
        SqliteLists.READY,
        "SEARCH tasks USING COVERING INDEX tasks_ready"
            + " (lane=? AND priority=? AND owner=? AND seq<?)");
    assertPlan(
        SqliteLists.OTHERS,
        "SEARCH tasks USING COVERING INDEX tasks_of_owner"
            + " (owner=? AND state=? AND lane=? AND rowid<?)");
    assertPlan(
        SqliteLists.ENDED,
        "SEARCH tasks USING COVERING INDEX tasks_ended (state=? AND lane=? AND seq<?)");
    assertPlan(
        SqliteLists.CHILDREN,
        "SEARCH tasks USING INDEX tasks_parent (parent=? AND state=? AND lane=? AND rowid<?)");
    assertPlan(SqliteLists.ANY, "SEARCH tasks USING INTEGER PRIMARY KEY (rowid<?)");
  }

  @Test
  void ownersAndPlacesAreFoundByLeaps() {
    assertThat(plan(SqliteLists.OWNERS))
        .noneMatch(step -> step.matches("SCAN (tasks|t)\\b.*"))
        .anyMatch(step -> step.contains("tasks_of_owner (owner>?)"));
    for (String sql : List.of(SqliteLists.NEXT_ID, SqliteLists.PREVIOUS_ID)) {
      assertThat(plan(sql))
          .as(sql)
          .anyMatch(step -> step.contains("sqlite_autoindex_tasks_1 (id"))
          .noneMatch(step -> step.contains("TEMP B-TREE"));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 21", "40, 21", "40, 10001", "3, 1"})
  void mergingListsReadsNoMoreOfThemThanIsWanted(int lists, int wanted) throws Exception {
    long each = 20_000;
    var read = new AtomicInteger();
    List<NewestFirst.Source> sources = new ArrayList<>();
    for (int list = 0; list < lists; list++) {
      long offset = list;
      sources.add((below, most) -> {
        List<Long> numbers = new ArrayList<>();
        for (long i = each - 1; i >= 0 && numbers.size() < most; i--) {
          long number = i * lists + offset;
          if (number < below) {
            numbers.add(number);
          }
        }
        read.addAndGet(numbers.size());
        return numbers;
      });
    }
    List<Long> merged = NewestFirst.merge(sources, 10_000L * lists, wanted);

    assertThat(merged).hasSize(Math.min(wanted, 10_000 * lists));
    for (int i = 0; i < merged.size(); i++) {
      assertThat(merged.get(i)).isEqualTo(10_000L * lists - 1 - i);
    }
    assertThat(read.get()).isLessThanOrEqualTo(4 * wanted + 16 * lists);
  }
}
