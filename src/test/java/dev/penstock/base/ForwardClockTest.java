package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ForwardClockTest {
  private Instant wall = Instant.parse("2026-11-30T12:00:00Z");
  private long nanos = -7;
  private final ForwardClock clock = new ForwardClock(() -> wall, () -> nanos);

  private void pass(Duration time) {
    nanos += time.toNanos();
    wall = wall.plus(time);
  }

  @Test
  void itFollowsTheWallClockForward() {
    assertThat(clock.instant()).isEqualTo(wall);
    pass(Duration.ofSeconds(2));
    assertThat(clock.instant()).isEqualTo(wall);
    wall = wall.plus(Duration.ofHours(8));
    assertThat(clock.instant()).isEqualTo(wall);
  }

  @Test
  void itGoesOnWhereTheWallClockIsSetBack() {
    Instant before = clock.instant();
    wall = wall.minus(Duration.ofHours(2));
    pass(Duration.ofSeconds(3));
    assertThat(clock.instant()).isEqualTo(before.plusSeconds(3));
    pass(Duration.ofSeconds(4));
    assertThat(clock.instant()).isEqualTo(before.plusSeconds(7));
  }
}
