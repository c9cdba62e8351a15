package dev.penstock.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what came of each fault: a file for each row in {@code target/faults}, and all of them as a
 * table in {@code target/faults.md}.
 */
public final class FaultTable {
  private static final Path ROWS = Path.of("target/faults");
  private static final Path TABLE = Path.of("target/faults.md");
  private static final String HEAD =
      """
      | # | fault | accepted | completed | lost | unexpected | duplicated | urgent work waited, at most | measured |
      |---|---|---|---|---|---|---|---|---|
      """;

  /** How much more work than in the short form. */
  public static final int SCALE = Integer.getInteger("faults.scale", 1);

  private FaultTable() {}

  /**
   * Asserts the promise and keeps the row.
   *
   * @param number the row of the table of faults, two digits first: {@code 04b}
   * @param duplicated deliveries that led to nothing, during the fault
   */
  public static void add(String number, String fault, Checker.Report report, long duplicated)
      throws IOException {
    add(number, fault, report, duplicated, null, "");
  }

  /**
   * As the other, with what was measured beside. Nothing of that is asserted.
   *
   * @param urgent the longest time that urgent work waited; null: there was none
   */
  public static void add(
      String number,
      String fault,
      Checker.Report report,
      long duplicated,
      @Nullable Duration urgent,
      String measured)
      throws IOException {
    Files.createDirectories(ROWS);
    String row =
        "| %s | %s | %d | %d | %d | %d | %d | %s | %s |%n"
            .formatted(
                number.replaceFirst("^0", ""),
                fault,
                report.accepted(),
                report.accepted() - report.lost() - report.unexpected(),
                report.lost(),
                report.unexpected(),
                duplicated,
                urgent == null ? "" : "%.1f s".formatted(urgent.toMillis() / 1e3),
                measured);
    Files.writeString(ROWS.resolve(number + " " + fault.replaceAll("[^a-zA-Z0-9]+", "-")), row);
    assemble();
    report.assertKept();
  }

  private static void assemble() throws IOException {
    var table = new StringBuilder(HEAD);
    try (Stream<Path> files = Files.list(ROWS)) {
      List<Path> rows = files.sorted(Comparator.comparing(Path::getFileName)).toList();
      for (Path row : rows) {
        table.append(Files.readString(row));
      }
    }
    Files.writeString(TABLE, table);
  }
}
