package dev.penstock.cli;

import java.util.List;

/** Columns for a terminal: numbers to the right, one column of words to the left. */
public final class TextTable {
  private TextTable() {}

  /**
   * A line for each row, ended.
   *
   * @param rows of the same number of cells, the header among them
   * @param words the column whose cells begin below each other; those of the others end so
   */
  public static String of(List<List<String>> rows, int words) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    var table = new StringBuilder();
    for (List<String> row : rows) {
      var line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String space = " ".repeat(widths[c] - row.get(c).length());
        line.append(c == words ? row.get(c) + space : space + row.get(c)).append("  ");
      }
      table.append(line.toString().stripTrailing()).append('\n');
    }
    return table.toString();
  }
}
