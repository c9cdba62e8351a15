package dev.penstock.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PaceTest {
  private static final Pace NONE = new Pace(0, 0);

  @Test
  void beforeTheFirstRunItIsNothing() {
    assertThat(NONE.nanosPerToken()).isZero();
  }

  @Test
  void aSlowRunOfFewTokensSaysLittleOfMany() {
    Pace cold = NONE.and(150_000_000, 5);
    assertThat(cold.nanosPerToken()).isEqualTo(30_000_000);
    Pace warm = cold;
    for (int i = 0; i < 10; i++) {
      warm = warm.and(25_600_000, 256);
    }
    assertThat(warm.nanosPerToken()).isBetween(100_000.0, 140_000.0);
  }

  @Test
  void itFollowsAModelThatBecomesSlower() {
    Pace pace = NONE;
    for (int i = 0; i < 100; i++) {
      pace = pace.and(1_000, 10);
    }
    assertThat(pace.nanosPerToken()).isCloseTo(100, within(0.001));
    for (int i = 0; i < 40; i++) {
      pace = pace.and(2_000, 10);
    }
    assertThat(pace.nanosPerToken()).isCloseTo(200, within(3.0));
  }
}
