package dev.penstock.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What came of a kind's inputs.
 *
 * @param kept inputs that reached something new, of all runs so far
 * @param places in our code that were reached, as Jazzer counts them
 * @param deaths of children, by their reasons
 * @param findings what broke a promise, a line each
 */
record FuzzRun(
    Kind kind, long executions, long kept, long places, long deaths, List<String> findings) {
  private static final String HEAD =
      """
      | kind | inputs kept | executions | places reached | children died, reasons | findings |
      |---|---|---|---|---|---|
      """;

  private static final Pattern EXECUTIONS =
      Pattern.compile("stat::number_of_executed_units: (\\d+)");
  private static final Pattern PLACES = Pattern.compile("\\bcov: (\\d+)");
  private static final Pattern THROWN = Pattern.compile("(?m)^== Java Exception: (.*)$");
  private static final Pattern INPUT = Pattern.compile("(crash|timeout|oom|slow-unit|leak)-.*");

  /** Jazzer's, when it found something. */
  private static final int FOUND = 77;

  /**
   * Reads what a run has left.
   *
   * @param exit of its process; -1: it had to be ended
   */
  static FuzzRun of(Kind kind, int exit, Path log, Path findings, Path corpus) throws IOException {
    String text = Files.readString(log, StandardCharsets.ISO_8859_1);
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(findings)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> INPUT.matcher(name).matches())
          .sorted()
          .forEach(name -> found.add("%s: %s".formatted(kind.word(), findings.resolve(name))));
    }
    Matcher thrown = THROWN.matcher(text);
    while (thrown.find()) {
      found.add("%s: %s".formatted(kind.word(), thrown.group(1)));
    }
    if (exit != 0 && exit != FOUND) {
      found.add(
          "%s: %s; see %s"
              .formatted(kind.word(), exit == -1 ? "it hung" : "it ended with " + exit, log));
    }
    long executions = last(EXECUTIONS, text);
    if (executions == 0) {
      found.add("%s: nothing was tried; see %s".formatted(kind.word(), log));
    }
    long deaths = text.lines().filter(line -> line.startsWith(ModelsTarget.DIED)).count();
    return new FuzzRun(kind, executions, count(corpus), last(PLACES, text), deaths, found);
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  private static long last(Pattern figure, String text) {
    long last = 0;
    Matcher matcher = figure.matcher(text);
    while (matcher.find()) {
      last = Long.parseLong(matcher.group(1));
    }
    return last;
  }

  static String table(List<FuzzRun> runs) {
    var table = new StringBuilder(HEAD);
    for (FuzzRun run : runs) {
      table.append(
          "| %s | %d | %d | %d | %d | %d |%n"
              .formatted(
                  run.kind.word(),
                  run.kept,
                  run.executions,
                  run.places,
                  run.deaths,
                  run.findings.size()));
    }
    return table.toString();
  }
}
