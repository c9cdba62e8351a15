package dev.penstock.storage.rabbit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RecentCountTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void whatHappenedInThisSecondAndTheOneBeforeCounts() {
    var count = new RecentCount();
    long began = System.nanoTime() + 10 * SECOND;
    count.add(3, began);
    assertThat(count.recent(began)).isEqualTo(3);
    count.add(4, began + SECOND);
    assertThat(count.recent(began + SECOND)).isEqualTo(7);
    assertThat(count.recent(began + 2 * SECOND)).isEqualTo(4);
    assertThat(count.recent(began + 3 * SECOND)).isZero();
    count.add(5, began + 9 * SECOND);
    assertThat(count.recent(began + 9 * SECOND)).isEqualTo(5);
  }
}
