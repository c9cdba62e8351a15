package dev.penstock.bench.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** The middle and the ends of several measurements of one thing. */
public record Spread(double median, double min, double max, int runs) {

  public static Spread of(Collection<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1], sorted.length);
  }

  public static Spread of(double... values) {
    return of(Arrays.stream(values).boxed().toList());
  }

  /** Median (min–max), with that many decimals. */
  public String text(int decimals) {
    String form = "%." + decimals + "f";
    return String.format(Locale.ROOT, form + " (" + form + "–" + form + ")", median, min, max);
  }
}
