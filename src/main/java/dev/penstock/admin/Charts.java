package dev.penstock.admin;

import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * The last hour in pictures, a column a minute. Drawn here and sent as SVG, so that no script has
 * to draw and a phone has nothing to compute.
 *
 * @param from the first minute's time of day
 * @param to the last one's
 */
public record Charts(String from, String to, Throughput throughput, Latency waited, Latency ran) {
  /** Of the drawing, which is stretched to the room there is. */
  static final int MINUTES = 60;

  private static final int COLUMN = 10;
  private static final int GAP = 2;
  private static final int HEIGHT = 100;
  private static final double MEDIAN = 0.5;
  private static final double MOST = 0.95;
  private static final int TEN = 10;

  /**
   * A column of the drawing.
   *
   * @param x where it begins
   * @param title what it says when pointed at
   */
  public record Column(int x, String title, List<Bar> bars) {}

  /**
   * A part of a column.
   *
   * @param kind what it stands for, as the style sheet knows it
   */
  public record Bar(String kind, String y, String height) {}

  /**
   * Tasks ended each minute.
   *
   * @param top the upper end of the scale
   * @param words all of it in a sentence
   */
  public record Throughput(String top, String middle, List<Column> columns, String words) {}

  /**
   * How long things took each minute: from the median to what 19 of 20 stayed below.
   *
   * @param scale from the top down, evenly spaced
   */
  public record Latency(List<String> scale, List<Column> columns, String words) {}

  static Charts of(List<LaneMinute> history, Instant now) {
    Instant last = now.truncatedTo(ChronoUnit.MINUTES);
    Instant first = last.minus(MINUTES - 1, ChronoUnit.MINUTES);
    List<List<LaneMinute>> minutes = new ArrayList<>();
    for (int i = 0; i < MINUTES; i++) {
      minutes.add(new ArrayList<>());
    }
    for (LaneMinute each : history) {
      long at = ChronoUnit.MINUTES.between(first, each.minute());
      if (at >= 0 && at < MINUTES) {
        minutes.get((int) at).add(each);
      }
    }
    return new Charts(
        Times.clock(first),
        Times.clock(last),
        throughput(minutes, first),
        latency(minutes, first, LaneMinute::waited, "waited"),
        latency(minutes, first, LaneMinute::ran, "ran"));
  }

  private static long sum(List<LaneMinute> minute, ToLongFunction<LaneMinute> what) {
    return minute.stream().mapToLong(what).sum();
  }

  private static Throughput throughput(List<List<LaneMinute>> minutes, Instant first) {
    long most =
        minutes.stream()
            .mapToLong(each -> sum(each, LaneMinute::completed) + sum(each, LaneMinute::failed))
            .max()
            .orElse(0);
    long top = roundUp(most);
    long completed = 0;
    long failed = 0;
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < MINUTES; i++) {
      long good = sum(minutes.get(i), LaneMinute::completed);
      long bad = sum(minutes.get(i), LaneMinute::failed);
      completed += good;
      failed += bad;
      double goodHeight = (double) HEIGHT * good / top;
      double badHeight = (double) HEIGHT * bad / top;
      List<Bar> bars = new ArrayList<>();
      if (good > 0) {
        bars.add(bar("completed", HEIGHT - goodHeight, goodHeight));
      }
      if (bad > 0) {
        bars.add(bar("failed", HEIGHT - goodHeight - badHeight, badHeight));
      }
      if (!bars.isEmpty()) {
        columns.add(
            new Column(
                i * COLUMN + GAP / 2,
                "%s – %s completed, %s failed"
                    .formatted(clock(first, i), Times.count(good), Times.count(bad)),
                bars));
      }
    }
    return new Throughput(
        Times.count(top),
        top % 2 == 0 ? Times.count(top / 2) : "",
        columns,
        "In the last hour %s tasks completed and %s failed; at most %s in a minute."
            .formatted(Times.count(completed), Times.count(failed), Times.count(most)));
  }

  /** The next of 4, 10, 20, 40, 100, … that is not less: ends and middles are round. */
  static long roundUp(long most) {
    long power = 1;
    while (true) {
      for (long step : new long[] {2, 4, TEN}) {
        if (step * power >= Math.max(most, 4)) {
          return step * power;
        }
      }
      power *= TEN;
    }
  }

  private static Latency latency(
      List<List<LaneMinute>> minutes,
      Instant first,
      Function<LaneMinute, Latencies> which,
      String verb) {
    List<Latencies> sums =
        minutes.stream()
            .map(each -> each.stream().map(which).reduce(Latencies.none(), Latencies::plus))
            .toList();
    Latencies all = sums.stream().reduce(Latencies.none(), Latencies::plus);
    double most = sums.stream().mapToDouble(each -> each.quantile(MOST)).max().orElse(0);
    int decades = Math.max(2, (int) Math.ceil(Math.log10(Math.max(most, 1))));
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < MINUTES; i++) {
      Latencies sum = sums.get(i);
      if (sum.total() == 0) {
        continue;
      }
      double median = sum.quantile(MEDIAN);
      double slow = sum.quantile(MOST);
      double low = y(median, decades);
      double high = y(slow, decades);
      columns.add(
          new Column(
              i * COLUMN + GAP / 2,
              "%s – half %s up to %s, 95 %% up to %s"
                  .formatted(clock(first, i), verb, Times.millis(median), Times.millis(slow)),
              List.of(bar("spread", high, low - high), bar("median", low - 1.5, 3))));
    }
    List<String> scale = new ArrayList<>();
    for (int decade = decades; decade >= 0; decade--) {
      scale.add(axis(decade));
    }
    String words =
        all.total() == 0
            ? "Nothing ended in the last hour."
            : "In the last hour half %s up to %s and 95 %% up to %s."
                .formatted(
                    verb, Times.millis(all.quantile(MEDIAN)), Times.millis(all.quantile(MOST)));
    return new Latency(scale, columns, words);
  }

  /** A power of ten of milliseconds in few letters. */
  private static String axis(int decade) {
    return decade < 3
        ? Math.round(Math.pow(TEN, decade)) + " ms"
        : Times.count(Math.round(Math.pow(TEN, decade - 3))) + " s";
  }

  /** Logarithmic: what takes ten times as long is a step up. */
  private static double y(double millis, int decades) {
    return HEIGHT - HEIGHT * Math.log10(Math.max(millis, 1)) / decades;
  }

  private static Bar bar(String kind, double y, double height) {
    return new Bar(kind, number(y), number(height));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String clock(Instant first, int minute) {
    return Times.clock(first.plus(minute, ChronoUnit.MINUTES));
  }
}
