package dev.penstock.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first faults of a seed, so that what {@code make chaos} runs goes on working. */
final class ChaosIT {
  private static final long SEED = 14;
  private static final int ROUNDS = 2;

  @Test
  void afterEachFaultDrawnAllThatWasAcceptedEndsAsItShould(@TempDir Path folder) throws Exception {
    var chaos = new Chaos(SEED);
    try (House house = LoneHouse.start(folder)) {
      chaos.rounds(house, Duration.ofMinutes(5), ROUNDS);
    }
    assertThat(chaos.broken()).noneMatch(what -> what.contains("lost") || what.contains("unexp"));
  }
}
