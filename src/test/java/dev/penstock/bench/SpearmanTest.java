package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class SpearmanTest {
  private static final double[] RISING = {0.1, 2, 3, 40};

  @Test
  void anyTwoRisingListsCorrelateFully() {
    assertThat(Spearman.correlation(RISING, new double[] {-5, -4, 0, 0.5})).isEqualTo(1);
  }

  @Test
  void oppositeOrdersCorrelateNegatively() {
    assertThat(Spearman.correlation(RISING, new double[] {4, 3, 2, 1})).isEqualTo(-1);
  }

  @Test
  void equalValuesShareTheAverageOfTheirRanks() {
    assertThat(Spearman.ranks(new double[] {3, 1, 3, 3, 0})).containsExactly(4, 2, 4, 4, 1);
  }

  @Test
  void aKnownExampleWithTiesComesOutRight() {
    double[] a = {1, 2, 2, 4};
    double[] b = {1, 3, 2, 4};
    // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: 4.5 / sqrt(4.5 × 5).
    assertThat(Spearman.correlation(a, b)).isCloseTo(Math.sqrt(0.9), within(1e-12));
  }

  @Test
  void listsOfDifferentLengthsAreRefused() {
    assertThatThrownBy(() -> Spearman.correlation(RISING, new double[] {1, 2}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
