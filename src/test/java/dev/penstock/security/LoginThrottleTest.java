package dev.penstock.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class LoginThrottleTest {
  private Instant now = Instant.ofEpochSecond(1_763_780_000);
  private final LoginThrottle throttle = new LoginThrottle(() -> now);

  private void failAll(String address) {
    for (int i = 0; i < LoginThrottle.PER_ADDRESS; i++) {
      assertThat(throttle.attempt(address)).isEmpty();
    }
  }

  @Test
  void anAddressThatGuessesHasToWait() {
    failAll("10.0.0.1");
    now = now.plusSeconds(20);
    assertThat(throttle.attempt("10.0.0.1")).contains(Duration.ofSeconds(40));
    assertThat(throttle.attempt("10.0.0.2")).isEmpty();
    now = now.plusSeconds(40);
    assertThat(throttle.attempt("10.0.0.1")).isEmpty();
  }

  @Test
  void theRightKeyBeginsAnew() {
    for (int i = 0; i < 3 * LoginThrottle.ALL_TOGETHER; i++) {
      assertThat(throttle.attempt("10.0.0.1")).isEmpty();
      throttle.succeeded("10.0.0.1");
    }
  }

  @Test
  void manyAddressesTogetherHaveToWaitToo() {
    for (int i = 0; i < LoginThrottle.ALL_TOGETHER; i++) {
      assertThat(throttle.attempt("10.0.0." + i)).isEmpty();
    }
    assertThat(throttle.attempt("10.0.1.1")).contains(LoginThrottle.WINDOW);
    now = now.plus(LoginThrottle.WINDOW);
    assertThat(throttle.attempt("10.0.1.1")).isEmpty();
  }

  @Test
  void anIpv6NetworkCountsAsOneAddress() {
    failAll("2001:db8::1");
    assertThat(throttle.attempt("2001:db8::2")).isPresent();
    assertThat(throttle.attempt("2001:db8:0:1::2")).isEmpty();
  }
}
