package dev.penstock.templates;

import java.time.Duration;

/**
 * What one rendering may take. Steps and sizes are the same on every machine; the time is the last
 * fence.
 *
 * @param steps statements, expressions, elements, and blocks of characters looked at
 * @param made characters of all texts, and 16 for each element of all lists, made on the way
 * @param depth calls, blocks, expressions and values within one another
 * @param output characters of the result
 */
public record RenderBounds(long steps, long made, int depth, int output, Duration time) {
  public static final RenderBounds DEFAULT =
      new RenderBounds(10_000_000, 1 << 26, 300, 1 << 23, Duration.ofSeconds(5));

  public RenderBounds {
    if (steps < 1 || made < 1 || depth < 1 || output < 1 || !time.isPositive()) {
      throw new IllegalArgumentException("every bound must be above 0");
    }
  }
}
