package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

final class BackoffTest {
  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofMillis(500);

  private final Backoff backoff = new Backoff(SHORTEST, LONGEST);

  private static void assertAbout(Duration pause, int millis) {
    assertThat(pause).isBetween(Duration.ofMillis(millis / 2), Duration.ofMillis(millis));
  }

  @Test
  void eachPauseIsTwiceAsLongUpToALongestOne() {
    for (int millis : new int[] {100, 200, 400, 500, 500}) {
      assertAbout(backoff.pause(), millis);
    }
  }

  @Test
  void whenThingsGoWellAgainItBeginsAnew() {
    assertThat(backoff.first()).isTrue();
    backoff.pause();
    backoff.pause();
    assertThat(backoff.first()).isFalse();
    backoff.reset();
    assertThat(backoff.first()).isTrue();
    assertAbout(backoff.pause(), 100);
  }

  @Test
  void aStopEndsThePause() {
    var stop = new CountDownLatch(1);
    assertThat(new Backoff(Duration.ofMillis(2), Duration.ofMillis(2)).await(stop)).isFalse();
    stop.countDown();
    assertThat(new Backoff(Duration.ofDays(1), Duration.ofDays(1)).await(stop)).isTrue();
  }

  @Test
  void anInterruptEndsThePauseAndStays() {
    Thread.currentThread().interrupt();
    assertThat(new Backoff(Duration.ofDays(1), Duration.ofDays(1)).await(new CountDownLatch(1)))
        .isTrue();
    assertThat(Thread.interrupted()).isTrue();
  }
}
