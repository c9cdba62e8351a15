package dev.penstock.storage.sqlite;

import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Merges lists of numbers, the highest first. Of each no more is read than that needs. */
final class NewestFirst {
  /** How many numbers of a list are read in one go, at least and at most. */
  private static final int LEAST = 8;

  private static final int MOST = 1_000;

  /** One of the lists. */
  @FunctionalInterface
  interface Source {
    /** Its next numbers: fewer than {@code most} are the last. */
    List<Long> below(long number, int most) throws SQLException;
  }

  private NewestFirst() {}

  private static final class Run {
    private final Source source;
    private final int portion;
    private final ArrayDeque<Long> read = new ArrayDeque<>();
    private long below;
    private boolean more = true;

    Run(Source source, long below, int portion) {
      this.source = source;
      this.below = below;
      this.portion = portion;
    }

    /** False: there is nothing left. */
    boolean ready() throws SQLException {
      if (read.isEmpty() && more) {
        read.addAll(source.below(below, portion));
        more = read.size() == portion;
      }
      return !read.isEmpty();
    }

    long first() {
      return read.getFirst();
    }

    long take() {
      below = read.removeFirst();
      return below;
    }
  }

  /** The highest numbers of all the lists that are lower than the one given. */
  static List<Long> merge(List<Source> sources, long below, int wanted) throws SQLException {
    int portion = Math.clamp(2L * wanted / Math.max(1, sources.size()), LEAST, MOST);
    PriorityQueue<Run> runs = new PriorityQueue<>(Comparator.comparingLong(Run::first).reversed());
    for (Source source : sources) {
      Run run = new Run(source, below, portion);
      if (run.ready()) {
        runs.add(run);
      }
    }
    List<Long> found = new ArrayList<>(Math.min(wanted, MOST));
    while (found.size() < wanted) {
      Run run = runs.poll();
      if (run == null) {
        break;
      }
      found.add(run.take());
      if (run.ready()) {
        runs.add(run);
      }
    }
    return found;
  }
}
