package dev.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever a handler depends on may be away for a while, and no task fails for it. */
final class LastRetryTest {
  private static final Duration AWAY = Duration.ofSeconds(30);
  private static final RetryPolicy USUAL =
      new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(5));

  private final Random random = new Random(3);

  @Test
  void usualAttemptsOutlastHalfAMinute() {
    for (int most = 3; most < 12; most++) {
      for (int i = 0; i < 1_000; i++) {
        Duration all = Duration.ZERO;
        for (int failed = 1; failed < most; failed++) {
          all = all.plus(USUAL.delay(failed, most, random));
        }
        assertThat(all).as("%d attempts", most).isGreaterThan(AWAY);
      }
    }
  }

  @Test
  void onlyTheLastOneIsWaitedForSoLong() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(USUAL.delay(1, 3, random)).isBetween(Duration.ZERO, Duration.ofSeconds(1));
      assertThat(USUAL.delay(2, 3, random)).isBetween(AWAY, AWAY.multipliedBy(3).dividedBy(2));
    }
  }

  @Test
  void tasksThatFailedTogetherDoNotComeBackTogether() {
    assertThat(random.ints(100).mapToObj(_ -> USUAL.delay(2, 3, random)).distinct())
        .hasSizeGreaterThan(90);
  }

  @Test
  void aTaskWithASingleRetryIsRetriedSoon() {
    assertThat(USUAL.delay(1, 2, random)).isLessThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void theCapHolds() {
    var quick = new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(20));
    for (int failed = 1; failed < 5; failed++) {
      assertThat(quick.delay(failed, 5, random)).isLessThanOrEqualTo(quick.cap());
    }
    assertThat(new RetryPolicy(Duration.ZERO, Duration.ZERO).delay(2, 3, random)).isZero();
  }
}
