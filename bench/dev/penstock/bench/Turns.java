package dev.penstock.bench;

import dev.penstock.bench.report.Spread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Measurements of several things in turns, in an order that is reversed each time, so that a
 * machine that grows slower slows all of them.
 */
public final class Turns {
  private final Map<String, Line> lines = new LinkedHashMap<>();
  private int rounds;

  /** One figure of one thing. */
  public interface Measurement {
    double take() throws Exception;
  }

  private record Line(Measurement measurement, List<Double> taken) {}

  public void add(String name, Measurement measurement) {
    lines.put(name, new Line(measurement, new ArrayList<>()));
  }

  /** Takes each measurement once. */
  public void round() throws Exception {
    List<Line> order = new ArrayList<>(lines.values());
    if (rounds % 2 == 1) {
      Collections.reverse(order);
    }
    for (Line line : order) {
      line.taken().add(line.measurement().take());
    }
    rounds++;
  }

  public int rounds() {
    return rounds;
  }

  public Spread of(String name) {
    return Spread.of(taken(name));
  }

  /** How many times the other's figure this one is, round by round. */
  public Spread ratio(String name, String other) {
    return ratio(name, other, 1);
  }

  /** The same, in percent. */
  public Spread percent(String name, String other) {
    return ratio(name, other, 100);
  }

  private Spread ratio(String name, String other, double times) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      ratios.add(times * taken(name).get(i) / taken(other).get(i));
    }
    return Spread.of(ratios);
  }

  private List<Double> taken(String name) {
    return Objects.requireNonNull(lines.get(name), name).taken();
  }
}
