package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TimesTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_763_780_000);

  @ParameterizedTest
  @CsvSource({
    "0,< 1 s",
    "5,5.0 s",
    "59,59 s",
    "61,1 min 1 s",
    "600,10 min",
    "3720,1 h 2 min",
    "90000,1 d 1 h"
  })
  void agesAreReadAtAGlance(long seconds, String text) {
    assertThat(Times.age(NOW.minusSeconds(seconds), NOW)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"1,just now", "20,20 s ago", "130,2 min ago", "-90,in 1 min", "200000,2 d ago"})
  void whenItWasIsSaidInOneUnit(long seconds, String text) {
    assertThat(Times.relative(NOW.minusSeconds(seconds), NOW)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"20,20 s ago", "0,just now", "-7200,just now"})
  void whatHasHappenedIsNeverStillToCome(long seconds, String text) {
    assertThat(TimeText.past(NOW.minusSeconds(seconds), NOW).words()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0,0 ms", "999,999 ms", "1250,1.3 s", "12000,12 s", "-5,0 ms"})
  void durationsKeepTwoDigitsOrThree(long millis, String text) {
    assertThat(Times.duration(Duration.ofMillis(millis))).isEqualTo(text);
  }
}
