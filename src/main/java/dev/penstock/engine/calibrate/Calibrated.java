package dev.penstock.engine.calibrate;

import java.time.LocalDate;

/**
 * Figures that were better than the device's own when they were measured.
 *
 * @param threads model runs side by side
 * @param tokenBudget padded tokens of a batch
 * @param date when, by UTC
 * @param ratio their rate, of that of the device's own figures
 */
public record Calibrated(int threads, int tokenBudget, LocalDate date, double ratio) {
  /** As the settings have it. */
  private static final int MOST_THREADS = 1_024;

  private static final int MOST_TOKENS = 10_000_000;

  public Calibrated {
    if (threads < 1 || threads > MOST_THREADS || tokenBudget < 1 || tokenBudget > MOST_TOKENS) {
      throw new IllegalArgumentException(
          "threads %d (1 to %d), token budget %d (1 to %d)"
              .formatted(threads, MOST_THREADS, tokenBudget, MOST_TOKENS));
    }
    if (!Double.isFinite(ratio) || ratio <= 0) {
      throw new IllegalArgumentException("ratio " + ratio);
    }
  }
}
