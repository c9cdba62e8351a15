package dev.penstock.engine.calibrate;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How one candidate did.
 *
 * @param threads model runs side by side
 * @param tokenBudget padded tokens of a batch
 * @param rates texts a second, round by round; fewer than others have where it was left out later
 * @param failure why it is out; null: it is not
 */
public record Trial(int threads, int tokenBudget, List<Double> rates, @Nullable String failure) {
  public Trial {
    rates = List.copyOf(rates);
  }

  /** The median of its rates, each divided by the other's of the same round; 0 without any. */
  public double ratio(Trial other) {
    return median(ratios(other));
  }

  public double median() {
    return median(rates());
  }

  /**
   * Whether it is worth leaving the default for it, so far: better in every round too, for a
   * machine with other things to do may favour anybody in one.
   */
  boolean beats(Trial standard) {
    return failure == null
        && rates.size() == standard.rates.size()
        && ratio(standard) >= Verdict.WORTH
        && ratios(standard).stream().allMatch(ratio -> ratio > 1);
  }

  /** For the rounds that both took part in. */
  List<Double> ratios(Trial other) {
    return IntStream.range(0, Math.min(rates.size(), other.rates.size()))
        .mapToObj(round -> rates.get(round) / other.rates.get(round))
        .toList();
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int half = sorted.length / 2;
    return sorted.length == 0
        ? 0
        : DoubleStream.of(sorted[half], sorted[sorted.length - 1 - half]).average().orElse(0);
  }
}
