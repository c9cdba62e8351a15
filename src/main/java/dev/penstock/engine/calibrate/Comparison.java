package dev.penstock.engine.calibrate;

import java.util.List;

/**
 * What was measured for a model.
 *
 * @param texts run in each turn
 * @param shortest tokens of the shortest text
 * @param longest tokens of the longest text
 * @param standard the device's own figures, which are also among the trials
 */
public record Comparison(
    CalibrationKey key,
    int texts,
    int shortest,
    int longest,
    Trial standard,
    List<Trial> trials,
    Verdict verdict) {

  public Comparison {
    trials = List.copyOf(trials);
  }
}
