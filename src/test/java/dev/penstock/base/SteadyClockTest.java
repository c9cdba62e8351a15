package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class SteadyClockTest {
  private Instant wall = Instant.parse("2026-11-30T12:00:00Z");
  private long nanos = -7;

  @Test
  void timePassesThereWhateverTheWallClockSays() {
    var clock = new SteadyClock(() -> wall, () -> nanos);
    assertThat(clock.instant()).isEqualTo(wall);
    Instant began = wall;
    wall = wall.minusSeconds(7_200);
    assertThat(clock.instant()).isEqualTo(began);
    nanos += 1_500_000_000;
    assertThat(clock.instant()).isEqualTo(began.plusMillis(1_500));
  }
}
