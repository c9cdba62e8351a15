package dev.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RetryPolicyTest {
  private static final RetryPolicy POLICY =
      new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(5));

  /** Draws the highest number that may be drawn. */
  private static final RandomGenerator HIGHEST =
      new RandomGenerator() {
        @Override
        public long nextLong() {
          return 0;
        }

        @Override
        public long nextLong(long bound) {
          return bound - 1;
        }
      };

  @ParameterizedTest
  @CsvSource({"1,1", "2,2", "3,4", "9,256", "10,300", "100,300", "2147483647,300"})
  void theLongestWaitDoublesUpToTheCap(int attempts, long seconds) {
    assertThat(POLICY.delay(attempts, HIGHEST)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void theWaitIsAnywhereBetweenNothingAndTheLongest() {
    var random = new Random(1);
    long least = Long.MAX_VALUE;
    long most = 0;
    for (int i = 0; i < 10_000; i++) {
      long wait = POLICY.delay(3, random).toMillis();
      assertThat(wait).isBetween(0L, 4_000L);
      least = Math.min(least, wait);
      most = Math.max(most, wait);
    }
    assertThat(least).isLessThan(40);
    assertThat(most).isGreaterThan(3_960);
  }

  @Test
  void aVeryLongBaseDoesNotOverflow() {
    Duration year = Duration.ofDays(365);
    var policy = new RetryPolicy(year, year.multipliedBy(2));
    assertThat(policy.delay(1, HIGHEST)).isEqualTo(year);
    for (int attempts : new int[] {2, 31, 64, 1_000}) {
      assertThat(policy.delay(attempts, HIGHEST)).isEqualTo(year.multipliedBy(2));
    }
  }

  @Test
  void withoutABaseThereIsNoWait() {
    var policy = new RetryPolicy(Duration.ZERO, Duration.ZERO);
    assertThat(policy.delay(5, HIGHEST)).isEqualTo(Duration.ZERO);
  }

  @Test
  void aCapBelowTheBaseIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetryPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RetryPolicy(Duration.ofSeconds(-1), Duration.ofSeconds(1)));
  }
}
