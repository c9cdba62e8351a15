package dev.penstock.engine.calibrate;

import java.util.Comparator;
import java.util.List;

/** What came of a comparison. */
public sealed interface Verdict {
  /** So much faster a candidate has to be, at the median: less is not worth leaving the default. */
  double WORTH = 1.05;

  /** The device's own figures stay. */
  record Stays() implements Verdict {}

  /**
   * A candidate is to take the place of the default.
   *
   * @param ratio its rate, of the default's
   */
  record Better(Trial trial, double ratio) implements Verdict {}

  /**
   * The candidate with the highest ratio, of those that are worth it and were better than the
   * default in every round.
   */
  static Verdict of(Trial standard, List<Trial> candidates) {
    return candidates.stream()
        .filter(trial -> trial.beats(standard))
        .max(Comparator.comparingDouble(trial -> trial.ratio(standard)))
        .<Verdict>map(trial -> new Better(trial, trial.ratio(standard)))
        .orElseGet(Stays::new);
  }
}
