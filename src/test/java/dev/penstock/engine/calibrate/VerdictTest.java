package dev.penstock.engine.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictTest {
  private static final Trial STANDARD = trial(2, 512, 100.0, 120.0, 80.0);

  private static Trial trial(int threads, int tokenBudget, Double... rates) {
    return new Trial(threads, tokenBudget, List.of(rates), null);
  }

  private static Verdict verdict(Trial... candidates) {
    return Verdict.of(STANDARD, List.of(candidates));
  }

  @Test
  void theDefaultStaysWithoutARival() {
    assertThat(verdict()).isEqualTo(new Verdict.Stays());
    assertThat(verdict(STANDARD)).isEqualTo(new Verdict.Stays());
  }

  @Test
  void roundsAreComparedEachWithItsOwn() {
    // The medians are alike; round by round it is faster by 10, 10 and 50 %.
    Trial faster = trial(2, 1_024, 110.0, 132.0, 120.0);
    assertThat(verdict(STANDARD, faster))
        .isInstanceOfSatisfying(
            Verdict.Better.class,
            better -> {
              assertThat(better.trial()).isEqualTo(faster);
              assertThat(better.ratio()).isCloseTo(1.1, within(1e-9));
            });
  }

  @Test
  void lessThanFivePercentIsNotWorthIt() {
    assertThat(verdict(trial(2, 1_024, 104.0, 125.0, 83.0))).isEqualTo(new Verdict.Stays());
    assertThat(verdict(trial(2, 1_024, 106.0, 127.0, 85.0))).isInstanceOf(Verdict.Better.class);
  }

  @Test
  void oneRoundThatIsNotBetterIsEnoughToStay() {
    assertThat(verdict(trial(2, 1_024, 150.0, 180.0, 80.0))).isEqualTo(new Verdict.Stays());
    assertThat(verdict(trial(2, 1_024, 150.0, 119.0, 120.0))).isEqualTo(new Verdict.Stays());
  }

  @Test
  void ofSeveralTheHighestRatioWins() {
    Trial good = trial(1, 512, 110.0, 132.0, 88.0);
    Trial best = trial(1, 1_024, 120.0, 144.0, 96.0);
    Trial shaky = trial(1, 2_048, 200.0, 240.0, 79.0);
    assertThat(verdict(good, STANDARD, best, shaky))
        .isInstanceOfSatisfying(
            Verdict.Better.class, better -> assertThat(better.trial()).isEqualTo(best));
  }

  @Test
  void whoFailedOrWasLeftOutCannotWin() {
    Trial failed = new Trial(1, 1_024, List.of(200.0, 240.0, 160.0), "out of memory");
    Trial leftOut = trial(1, 2_048, 200.0);
    Trial neverRan = new Trial(1, 4_096, List.of(), "out of memory");
    assertThat(verdict(failed, leftOut, neverRan)).isEqualTo(new Verdict.Stays());
  }

  @Test
  void theMedianOfAnEvenNumberIsBetweenTheTwoInTheMiddle() {
    assertThat(trial(1, 1, 1.0, 9.0, 3.0, 5.0).median()).isEqualTo(4);
    assertThat(trial(1, 1).median()).isZero();
  }
}
