package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatienceTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "respond-async                 | 0",
        "Respond-Async                 | 0",
        "respond-async, wait=5         | 5",
        "wait=\"7\" , respond-async    | 7",
        "respond-async;foo=bar, wait=99999 | 30",
        "handling=lenient, respond-async, wait=2;x | 2",
        "wait=5                        | -1",
        "respond-async=                | -1",
        "respond-async, wait=soon      | 0",
        ",,;                           | -1",
      })
  void preferIsReadAsRfc7240Says(String header, long seconds) {
    Patience patience = Patience.of(header);
    if (seconds < 0) {
      assertThat(patience).isNull();
    } else {
      assertThat(patience).isEqualTo(new Patience(Duration.ofSeconds(seconds), true));
    }
  }
}
