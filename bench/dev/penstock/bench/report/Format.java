package dev.penstock.bench.report;

import dev.penstock.bench.Cpu;
import java.util.Locale;

/** Numbers as the tables show them. */
public final class Format {
  private Format() {}

  public static String millis(long nanos) {
    return String.format(Locale.ROOT, nanos < 100_000_000 ? "%.2f" : "%,.0f", nanos / 1e6);
  }

  public static String percent(double part) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * part);
  }

  public static String rate(double perSecond) {
    return String.format(Locale.ROOT, perSecond < 100 ? "%.1f" : "%,.0f", perSecond);
  }

  public static String cpu(Cpu.Share share) {
    return percent(share.server()) + " / " + percent(share.generator());
  }
}
