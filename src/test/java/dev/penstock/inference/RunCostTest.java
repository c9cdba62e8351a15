package dev.penstock.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RunCostTest {
  private static final int NANOS_A_TOKEN = 100_000;

  private final RunCost cost = new RunCost();
  private final Random random = new Random(7);

  /** Runs of 4 to 512 tokens that each cost so many tokens more, and up to a fifth at random. */
  private void run(int count, double overhead) {
    for (int i = 0; i < count; i++) {
      int tokens = random.nextInt(4, 513);
      double noise = 1 + 0.2 * random.nextDouble();
      cost.ran(tokens, Math.round((tokens + overhead) * NANOS_A_TOKEN * noise));
    }
  }

  @Test
  void itIsFoundFromRunsOfManySizes() {
    run(2_000, 8);
    assertThat(cost.tokens().orElseThrow()).isCloseTo(8, within(3.0));
  }

  @Test
  void itFollowsTheNewestRuns() {
    run(2_000, 8);
    run(8_000, 100);
    assertThat(cost.tokens().orElseThrow()).isCloseTo(100, within(20.0));
  }

  @Test
  void stallsAreNotTheModels() {
    run(300, 8);
    for (int i = 0; i < 3; i++) {
      cost.ran(8, 300_000_000);
      run(30, 8);
    }
    assertThat(cost.tokens().orElseThrow()).isCloseTo(8, within(6.0));
  }

  @Test
  void fewRunsSayNothing() {
    run(255, 8);
    assertThat(cost.tokens()).isEmpty();
    run(1, 8);
    assertThat(cost.tokens()).isPresent();
  }

  @Test
  void runsOfOneSizeSayNothing() {
    for (int i = 0; i < 1_000; i++) {
      cost.ran(300 + i % 5, 300 * NANOS_A_TOKEN);
    }
    assertThat(cost.tokens()).isEmpty();
  }

  @Test
  void whereMoreTokensTakeNoLongerARunIsAllThatCosts() {
    for (int i = 0; i < 1_000; i++) {
      cost.ran(4 + i % 500, 5_000_000 - i % 500);
    }
    assertThat(cost.tokens().orElseThrow()).isInfinite();
  }
}
