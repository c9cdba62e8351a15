package dev.penstock.cli;

import java.util.Locale;

/** Sizes for people. */
final class Bytes {
  private static final long K = 1_000;

  private Bytes() {}

  /** {@code 98.3 MB}. */
  static String text(long bytes) {
    if (bytes < K) {
      return bytes + " B";
    }
    double size = bytes;
    String unit = "";
    for (String next : new String[] {"kB", "MB", "GB", "TB"}) {
      if (size < K) {
        break;
      }
      size /= K;
      unit = next;
    }
    return String.format(Locale.ROOT, "%.1f %s", size, unit);
  }
}
