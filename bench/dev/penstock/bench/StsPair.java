package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A pair of sentences of the STS Benchmark.
 *
 * @param score how alike people find them, 0 to 5
 */
record StsPair(double score, String first, String second) {
  private static final int SCORE = 4;
  private static final int FIRST = 5;
  private static final int SECOND = 6;

  /** Reads tab-separated rows. Nothing is quoted: a quotation mark is part of its sentence. */
  static List<StsPair> read(Path file) throws IOException {
    List<StsPair> pairs = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String[] cells = line.split("\t", -1);
      if (cells.length <= SECOND) {
        throw new IOException(
            "%s, row %d: %d columns".formatted(file, pairs.size() + 1, cells.length));
      }
      pairs.add(
          new StsPair(
              Double.parseDouble(cells[SCORE]), cells[FIRST].strip(), cells[SECOND].strip()));
    }
    return List.copyOf(pairs);
  }
}
