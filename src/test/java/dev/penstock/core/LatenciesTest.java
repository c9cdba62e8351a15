package dev.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class LatenciesTest {

  private static Latencies of(long... millis) {
    long[] counts = new long[Latencies.BUCKETS];
    for (long time : millis) {
      counts[Latencies.bucket(Duration.ofMillis(time))]++;
    }
    return new Latencies(counts);
  }

  @Test
  void everyTimeHasItsBucket() {
    assertThat(Latencies.bucket(Duration.ofSeconds(-1))).isZero();
    assertThat(Latencies.bucket(Duration.ZERO)).isZero();
    assertThat(Latencies.bucket(Duration.ofNanos(999_999))).isZero();
    assertThat(Latencies.bucket(Duration.ofMillis(1))).isEqualTo(1);
    assertThat(Latencies.bucket(Duration.ofMillis(2))).isEqualTo(2);
    assertThat(Latencies.bucket(Duration.ofMillis(3))).isEqualTo(2);
    assertThat(Latencies.bucket(Duration.ofMillis(4))).isEqualTo(3);
    assertThat(Latencies.bucket(Duration.ofMillis((1 << 22) - 1))).isEqualTo(22);
    assertThat(Latencies.bucket(Duration.ofMillis(1 << 22))).isEqualTo(Latencies.BUCKETS - 1);
    assertThat(Latencies.bucket(Duration.ofDays(365))).isEqualTo(Latencies.BUCKETS - 1);
  }

  @Test
  void whatIsAddedUpIsCountedTogether() {
    Latencies one = of(1, 100);
    Latencies sum = one.plus(of(100, 5_000));

    assertThat(sum).isEqualTo(of(1, 100, 100, 5_000)).hasSameHashCodeAs(of(5_000, 100, 100, 1));
    assertThat(sum.total()).isEqualTo(4);
    assertThat(one).isEqualTo(of(1, 100));
    assertThat(Latencies.none().plus(one)).isEqualTo(one);
  }

  @Test
  void aQuantileIsExactToABucket() {
    Latencies times = of(0, 10, 10, 10, 10, 10, 10, 10, 10, 600);

    assertThat(times.quantile(0)).isZero();
    assertThat(times.quantile(0.1)).isEqualTo(1);
    assertThat(times.quantile(0.5)).isEqualTo(12, within(1e-9));
    assertThat(times.quantile(0.9)).isEqualTo(16);
    assertThat(times.quantile(0.99)).isBetween(512.0, 1024.0);
    assertThat(times.quantile(1)).isEqualTo(1024);
  }

  @Test
  void withoutTimesEveryQuantileIsZero() {
    assertThat(Latencies.none().quantile(0.5)).isZero();
    assertThat(Latencies.none().total()).isZero();
  }

  @Test
  void theNumberOfBucketsIsFixed() {
    assertThatThrownBy(() -> new Latencies(new long[3]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
