package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.models.GgufFiles;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How long a model is left alone whose process dies at each opening. */
final class QuarantineTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE);
  private final Quarantine quarantine = new Quarantine(nanos::get);
  private final GgufFiles one = new GgufFiles.Listed(Path.of("one.gguf"), 0);

  @Test
  void aModelIsTriedAgainAfterTenMinutesAndOthersMeanwhile() {
    quarantine.add(one, "it ended: signal 11");
    assertThatThrownBy(() -> quarantine.check(one))
        .isInstanceOf(LlamaFailure.class)
        .hasMessageContaining("died three times")
        .hasMessageContaining("10 minutes")
        .hasMessageEndingWith("signal 11");
    assertThatCode(() -> quarantine.check(new GgufFiles.Listed(Path.of("two.gguf"), 0)))
        .doesNotThrowAnyException();
    nanos.addAndGet(Quarantine.LENGTH.toNanos() - 1);
    assertThatThrownBy(() -> quarantine.check(one)).isInstanceOf(LlamaFailure.class);
    nanos.incrementAndGet();
    assertThatCode(() -> quarantine.check(one)).doesNotThrowAnyException();
  }
}
