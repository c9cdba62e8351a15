package dev.penstock.bench.report;

import java.util.Locale;

/**
 * What a figure should be.
 *
 * @param figure what is measured
 * @param limit the aim
 * @param atLeast whether the limit is the least or the most it may be
 * @param unit of the limit and of what is measured
 */
public record Aim(String figure, double limit, boolean atLeast, String unit) {

  public static Aim atLeast(String figure, double limit, String unit) {
    return new Aim(figure, limit, true, unit);
  }

  public static Aim atMost(String figure, double limit, String unit) {
    return new Aim(figure, limit, false, unit);
  }

  String aimed() {
    return (atLeast ? "≥ " : "≤ ") + number(limit) + " " + unit;
  }

  String measured(double value) {
    return number(value) + " " + unit;
  }

  /** Met, or missed by how much of the aim. */
  String verdict(double value) {
    double missing = atLeast ? limit - value : value - limit;
    if (missing <= 0) {
      return "met";
    }
    return String.format(
        Locale.ROOT, "%s by %.1f %%", atLeast ? "short" : "over", 100 * missing / limit);
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) || Math.abs(value) >= 100;
    return String.format(
        Locale.ROOT, whole ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f", value);
  }
}
