package dev.penstock.inference;

import java.util.OptionalDouble;

/**
 * What a run of a model costs whatever its size, in tokens: the time of its runs as a straight line
 * over their padded tokens, by least squares, of which newer ones count more. Guards itself.
 */
final class RunCost {
  /** What a run still counts after the next one. */
  private static final double KEPT = 1 - 1.0 / 1_024;

  private static final int LEAST_RUNS = 256;
  private static final int LEAST_TO_JUDGE = 64;

  /** Runs of one size say nothing of what others cost: the least ratio of spread to mean. */
  private static final double LEAST_SPREAD = 0.25;

  /** A stall is not the model's: a run counts for no more than so many times the usual time. */
  private static final double MOST_OF_USUAL = 3;

  private int runs;
  private double weights;
  private double tokens;
  private double nanos;
  private double squares;
  private double products;

  /** A run has ended. Short ones vary less and so say more: each counts by its inverse. */
  synchronized void ran(int padded, long nanosTaken) {
    double took = usual(padded, nanosTaken);
    double weight = 1.0 / padded;
    weights = KEPT * weights + weight;
    tokens = KEPT * tokens + 1;
    nanos = KEPT * nanos + weight * took;
    squares = KEPT * squares + padded;
    products = KEPT * products + took;
    runs = Math.min(runs + 1, LEAST_RUNS);
  }

  /** What it took, or the most that a run of its size may count for by those before it. */
  private double usual(int padded, double took) {
    if (runs < LEAST_TO_JUDGE) {
      return took;
    }
    double each = Math.max(0, nanosPerToken());
    double overhead = Math.max(0, meanNanos() - each * meanTokens());
    return Math.min(took, MOST_OF_USUAL * (overhead + each * padded));
  }

  /** Empty: too little has been seen. Infinite: more tokens took no more time. */
  synchronized OptionalDouble tokens() {
    double mean = meanTokens();
    if (runs < LEAST_RUNS || variance() < LEAST_SPREAD * LEAST_SPREAD * mean * mean) {
      return OptionalDouble.empty();
    }
    double each = nanosPerToken();
    if (each <= 0) {
      return OptionalDouble.of(Double.POSITIVE_INFINITY);
    }
    return OptionalDouble.of(Math.max(0, meanNanos() - each * mean) / each);
  }

  private double meanTokens() {
    return tokens / weights;
  }

  private double meanNanos() {
    return nanos / weights;
  }

  private double variance() {
    return squares / weights - meanTokens() * meanTokens();
  }

  /** The line's slope; 0 where all runs were of one size. */
  private double nanosPerToken() {
    double variance = variance();
    return variance <= 0 ? 0 : (products / weights - meanTokens() * meanNanos()) / variance;
  }
}
