package dev.penstock.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What was measured, as Markdown that reads well unrendered too: sections of text and tables, and a
 * table of aims before them. Sections are printed as they come.
 */
public final class Report {
  private static final String IMAGES = "images";

  private final List<List<String>> aims = new ArrayList<>();
  private final StringBuilder sections = new StringBuilder();
  private final Map<String, Chart> charts = new LinkedHashMap<>();

  private record Chart(String alt, String svg) {}

  /** Adds a section and prints it. */
  public void section(String title, String text, Table... tables) {
    var section = new StringBuilder("\n### " + title + "\n\n" + text.strip() + "\n");
    for (Table table : tables) {
      section.append('\n').append(table.markdown());
    }
    sections.append(section);
    System.out.println(section);
    System.out.flush();
  }

  /**
   * Puts a picture between the aims and the sections.
   *
   * @param name of its file, without ending
   * @param alt what it shows, for those who cannot see it
   */
  public void chart(String name, String alt, String svg) {
    charts.put(name, new Chart(alt, svg));
  }

  public void aim(Aim aim, double measured) {
    aims.add(List.of(aim.figure(), aim.aimed(), aim.measured(measured), aim.verdict(measured)));
  }

  /** What was aimed at and what came of it. */
  public String aims() {
    var table = new Table("figure", "aim", "measured", "verdict");
    aims.forEach(row -> table.row(row.toArray()));
    return "\n### Aims\n\n"
        + (aims.isEmpty() ? "None of the parts that were run has one.\n" : table.markdown());
  }

  /** All of it: aims, pictures, machine, sections. */
  private String markdown(String machine) {
    var pictures = new StringBuilder();
    charts.forEach((name, chart) ->
        pictures.append("\n![%s](%s/%s.svg)\n".formatted(chart.alt(), IMAGES, name)));
    return aims() + pictures + "\n### Machine\n\n" + machine + sections;
  }

  /** A table, its columns as wide as their widest cell. */
  public static final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... header) {
      rows.add(List.of(header));
    }

    /** Adds a row of as many cells as the header has. */
    public void row(Object... cells) {
      List<String> row = Arrays.stream(cells).map(String::valueOf).toList();
      if (row.size() != rows.getFirst().size()) {
        throw new IllegalArgumentException(row + " does not fit " + rows.getFirst());
      }
      rows.add(row);
    }

    boolean isEmpty() {
      return rows.size() == 1;
    }

    public String markdown() {
      int[] widths =
          IntStream.range(0, rows.getFirst().size())
              .map(c -> rows.stream().mapToInt(row -> row.get(c).length()).max().orElse(0))
              .toArray();
      List<String> lines =
          rows.stream()
              .map(row -> line(row, widths))
              .collect(Collectors.toCollection(ArrayList::new));
      lines.add(
          1,
          IntStream.of(widths)
              .mapToObj(width -> "-".repeat(width + 2))
              .collect(Collectors.joining("|", "|", "|")));
      return String.join("\n", lines) + "\n";
    }

    private static String line(List<String> row, int[] widths) {
      return IntStream.range(0, widths.length)
          .mapToObj(c -> " " + row.get(c) + " ".repeat(widths[c] - row.get(c).length()) + " ")
          .collect(Collectors.joining("|", "|", "|"));
    }
  }

  /** Writes all of it into a document, and its pictures beside that. */
  public void write(Path document, String name, String machine) throws IOException {
    insert(document, name, markdown(machine));
    Path images = document.resolveSibling(IMAGES);
    for (var chart : charts.entrySet()) {
      Files.createDirectories(images);
      Files.writeString(images.resolve(chart.getKey() + ".svg"), chart.getValue().svg());
    }
  }

  /**
   * Writes generated text into a document between two marks, and leaves what people wrote around
   * them. A document without the marks gets them at its end.
   */
  public static void insert(Path document, String name, String text) throws IOException {
    String begin = "<!-- " + name + ": begin (generated) -->";
    String end = "<!-- " + name + ": end -->";
    String old = Files.exists(document) ? Files.readString(document) : "";
    int from = old.indexOf(begin);
    int to = old.indexOf(end, Math.max(0, from));
    String block = begin + "\n" + text.stripTrailing() + "\n" + end;
    String now =
        from < 0 || to < 0
            ? old + (old.isEmpty() ? "" : "\n") + block + "\n"
            : old.substring(0, from) + block + old.substring(to + end.length());
    Files.writeString(document, now);
  }
}
