package dev.penstock.bench;

import java.time.Duration;

/** A rate, measured with as much as fills a span of time at the rate that the warm-up reached. */
public final class Paced implements Turns.Measurement {
  private final Round round;
  private final int step;
  private final int most;
  private final double seconds;
  private double rate;

  /** Does so much and says how much of it there was a second. */
  public interface Round {
    double rate(int count) throws Exception;
  }

  /**
   * @param step what a count is a multiple of, and the least it may be
   */
  public Paced(Duration span, int step, int most, Round round) {
    this.round = round;
    this.step = step;
    this.most = most;
    this.seconds = span.toNanos() / 1e9;
  }

  /** Begins with the least there may be and goes on for that time. */
  public Paced warmUp(Duration time) throws Exception {
    long start = System.nanoTime();
    rate = round.rate(step);
    while (System.nanoTime() - start < time.toNanos()) {
      rate = round.rate(count());
    }
    return this;
  }

  @Override
  public double take() throws Exception {
    return round.rate(count());
  }

  private int count() {
    int count = (int) Math.clamp(rate * seconds, step, most);
    return count - count % step;
  }
}
