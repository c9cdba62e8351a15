package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.BadInputTable;
import dev.penstock.testing.PenstockProcess;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A row of the table of bad input for each path, against the program as it is shipped: its own
 * schemas and limits. {@code BadInputTest} has the whole table.
 */
final class BadInputIT {
  private static final int MAX_BODY = 4 << 20;

  @TempDir static Path folder;
  private static PenstockProcess penstock;

  @BeforeAll
  static void start() throws Exception {
    penstock = PenstockProcess.startShipped(folder, Map.of("HTTP_READ_TIMEOUT", "1s"));
  }

  @AfterAll
  static void stop() throws Exception {
    penstock.close();
  }

  static Stream<BadInputTable.Row> rows() {
    return new BadInputTable(PenstockProcess.KEY, MAX_BODY).oneForEachPath().stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void badInputIsRefusedInTheErrorShape(BadInputTable.Row row) throws Exception {
    long before = penstock.log().lines().count();
    BadInputTable.check(penstock.uri().getPort(), row);
    assertThat(penstock.log().lines().skip(before)).hasSizeLessThanOrEqualTo(1);
  }
}
