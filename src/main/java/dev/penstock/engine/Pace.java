package dev.penstock.engine;

/**
 * How long a model takes, by its newest runs. A run counts by its tokens: one of few tokens is slow
 * for each of them, a cold first one above all, and says little of how long many take.
 *
 * @param nanos of those runs, the older the less
 * @param tokens of those runs, padding included, the older the less
 */
record Pace(double nanos, double tokens) {
  private static final double KEPT = 0.9;

  Pace and(long runNanos, int runTokens) {
    return new Pace(KEPT * nanos + runNanos, KEPT * tokens + runTokens);
  }

  /** 0 before the first run. */
  double nanosPerToken() {
    return tokens == 0 ? 0 : nanos / tokens;
  }
}
