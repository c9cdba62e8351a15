package dev.penstock.core;

import java.time.Duration;
import java.util.Arrays;

/**
 * How long things took: a histogram whose buckets double, from 1 ms up. Counts of several can be
 * added up; a quantile is exact to a bucket, within which it is taken to be even.
 *
 * @param counts one for each of {@link #BUCKETS} buckets: bucket 0 is below 1 ms, bucket n from
 *     2^(n−1) to 2^n ms, the last has no upper end; shared, not copied
 */
public record Latencies(long[] counts) {
  /** The last one starts at 2^22 ms: 70 minutes. */
  public static final int BUCKETS = 24;

  public Latencies {
    if (counts.length != BUCKETS) {
      throw new IllegalArgumentException(counts.length + " buckets");
    }
  }

  public static Latencies none() {
    return new Latencies(new long[BUCKETS]);
  }

  /** The bucket that a time falls into. */
  public static int bucket(Duration time) {
    long millis = Math.max(0, time.toMillis());
    return Math.min(BUCKETS - 1, Long.SIZE - Long.numberOfLeadingZeros(millis));
  }

  public Latencies plus(Latencies more) {
    long[] sum = counts.clone();
    for (int i = 0; i < BUCKETS; i++) {
      sum[i] += more.counts[i];
    }
    return new Latencies(sum);
  }

  public long total() {
    return Arrays.stream(counts).sum();
  }

  /**
   * The time that the share {@code q} (0 to 1) of all stayed below, in milliseconds; 0 when there
   * are none.
   */
  public double quantile(double q) {
    double rank = q * total();
    double before = 0;
    for (int i = 0; i < BUCKETS; i++) {
      if (counts[i] > 0 && before + counts[i] >= rank) {
        double low = i == 0 ? 0 : 1L << (i - 1);
        double high = 1L << i;
        return low + (high - low) * Math.clamp((rank - before) / counts[i], 0, 1);
      }
      before += counts[i];
    }
    return 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Latencies(long[] theirs) && Arrays.equals(counts, theirs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return Arrays.toString(counts);
  }
}
