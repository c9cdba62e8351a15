package dev.penstock.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class WrongKeysTest {
  private final AtomicLong now = new AtomicLong();
  private final WrongKeys keys = new WrongKeys(3, now::get);

  @Test
  void eachNetworkHasItsOwnCountWhichBeginsAnewAfterAMinute() {
    assertThat(keys.keys("192.0.2.1")).isEqualTo(1);
    assertThat(keys.keys("192.0.2.1")).isEqualTo(2);
    assertThat(keys.keys("192.0.2.2")).isEqualTo(1);
    assertThat(keys.keys("2001:db8::1")).isEqualTo(1);
    assertThat(keys.keys("2001:db8::ffff:1")).as("whoever has one has all").isEqualTo(2);
    now.addAndGet(Duration.ofSeconds(61).toNanos());
    assertThat(keys.keys("192.0.2.1")).isEqualTo(1);
  }

  @Test
  void whatIsRememberedOfAddressesHasABound() {
    for (int i = 0; i < 20_000; i++) {
      assertThat(keys.keys("10.%d.%d.%d".formatted(i >> 16, i >> 8 & 255, i & 255))).isEqualTo(1);
    }
    assertThat(keys.keys("10.0.0.0")).as("forgotten").isEqualTo(1);
    assertThat(keys.keys("10.0.78.31")).as("the newest").isEqualTo(2);
  }

  @Test
  void whoSendsTooManyWaitsForTheAnswer() throws Exception {
    for (int i = 0; i < 3; i++) {
      keys.came("192.0.2.1");
    }
    long begun = System.nanoTime();
    keys.came("192.0.2.1");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(WrongKeys.PAUSE);
    assertThat(keys.count()).isEqualTo(4);
  }
}
