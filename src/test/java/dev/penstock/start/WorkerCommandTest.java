package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WorkerCommandTest {
  @ParameterizedTest
  @CsvSource({
    "http://localhost:8000, false",
    "http://LOCALHOST, false",
    "http://penstock.localhost, false",
    "http://127.0.0.1:8000/base, false",
    "http://127.1.2.3, false",
    "http://[::1]:8000, false",
    "https://penstock.example.org, false",
    "HTTPS://192.0.2.1, false",
    "http://penstock.example.org, true",
    "HTTP://192.0.2.1:8000, true",
    "http://[2001:db8::1], true",
    "http://0.0.0.0, true",
    "http://localhost.example.org, true",
    "http://127.0.0.1.example.org, true",
  })
  void aKeyIsInClearTextOverHttpToAnyHostButThisOne(String server, boolean inClear) {
    assertThat(WorkerCommand.inClear(URI.create(server))).isEqualTo(inClear);
  }
}
