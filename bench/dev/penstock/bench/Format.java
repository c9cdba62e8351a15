package dev.penstock.bench;

import java.util.Locale;

/** Numbers as the tables show them. */
final class Format {
  private Format() {}

  static String millis(long nanos) {
    return String.format(Locale.ROOT, nanos < 100_000_000 ? "%.2f" : "%,.0f", nanos / 1e6);
  }

  static String percent(double part) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * part);
  }

  static String rate(double perSecond) {
    return String.format(Locale.ROOT, perSecond < 100 ? "%.1f" : "%,.0f", perSecond);
  }

  static String cpu(Cpu.Share share) {
    return percent(share.server()) + " / " + percent(share.generator());
  }
}
