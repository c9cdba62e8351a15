package dev.penstock.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class OnceAMinuteTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // it may begin anywhere

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void whatHappensIsSaidAtOnceAndThenAtMostOnceAMinuteWithHowOftenItWas() {
    var cuts = new OnceAMinute(now::get);
    assertThat(cuts.happened(2)).isEqualTo(2);
    assertThat(cuts.happened(3)).isZero();
    pass(Duration.ofSeconds(59));
    assertThat(cuts.happened(1)).isZero();
    pass(Duration.ofSeconds(1));
    assertThat(cuts.happened(1)).isEqualTo(5);
    assertThat(cuts.happened(1)).isZero();
    pass(Duration.ofHours(1));
    assertThat(cuts.happened(1)).isEqualTo(2);
  }
}
