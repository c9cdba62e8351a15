package dev.penstock.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class AbsenceTest {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration EXTEND_EVERY = Duration.ofSeconds(10);

  private long now = -5; // the clock may begin anywhere
  private final Absence absence = new Absence(LEASE, EXTEND_EVERY, () -> now);

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void aStoreThatAnswersLetsLeasesLapse() {
    for (int second = 0; second < 100; second++) {
      pass(Duration.ofSeconds(1));
      absence.answered();
      absence.extended();
      assertThat(absence.leasesStand()).isFalse();
    }
  }

  @Test
  void aShortAbsenceLetsNoLeaseLapseThatIsHeld() {
    pass(LEASE.minus(EXTEND_EVERY));
    absence.answered();
    absence.notExtended();
    pass(LEASE.minus(EXTEND_EVERY));
    absence.answered();
    absence.extended();
    assertThat(absence.leasesStand()).isFalse();
  }

  @Test
  void afterALongAbsenceLeasesStandForAsLongAsOneLasts() {
    pass(LEASE.multipliedBy(2));
    assertThat(absence.leasesStand()).as("before it is known to be back").isTrue();
    absence.answered();
    for (int second = 0; second < LEASE.toSeconds(); second++) {
      assertThat(absence.leasesStand()).isTrue();
      pass(Duration.ofSeconds(1));
      absence.answered();
    }
    assertThat(absence.leasesStand()).isFalse();
  }

  @Test
  void leasesThatCannotBeExtendedStandThoughTheStoreAnswers() {
    absence.notExtended();
    for (int second = 0; second < 25; second++) {
      pass(Duration.ofSeconds(1));
      absence.answered();
      absence.notExtended();
    }
    assertThat(absence.leasesStand()).isTrue();
    absence.extended();
    pass(Duration.ofSeconds(15));
    absence.answered();
    assertThat(absence.leasesStand()).isTrue();
    pass(Duration.ofSeconds(15));
    absence.answered();
    assertThat(absence.leasesStand()).isFalse();
  }

  @Test
  void leasesLapseAgainThoughNobodyIsLeftWhoCouldExtendOne() {
    absence.notExtended();
    for (int second = 0; second < 2 * LEASE.toSeconds() + 1; second++) {
      pass(Duration.ofSeconds(1));
      absence.answered();
    }
    assertThat(absence.leasesStand()).isFalse();
  }

  @Test
  void whatLapsesWhileTheStoreIsAwayAndSoonAfterIsNoDeath() {
    Duration soon = LEASE.plusSeconds(10);
    pass(Duration.ofSeconds(1));
    absence.answered();
    assertThat(absence.answeredFor(soon)).isTrue();
    pass(Duration.ofSeconds(4));
    assertThat(absence.answeredFor(soon)).as("it should have answered long ago").isFalse();
    absence.answered();
    for (int second = 0; second <= soon.toSeconds(); second++) {
      assertThat(absence.answeredFor(soon)).isFalse();
      pass(Duration.ofSeconds(1));
      absence.answered();
    }
    assertThat(absence.answeredFor(soon)).isTrue();
    absence.notExtended();
    assertThat(absence.answeredFor(soon)).isFalse();
    absence.extended();
    assertThat(absence.answeredFor(soon)).isFalse();
  }
}
