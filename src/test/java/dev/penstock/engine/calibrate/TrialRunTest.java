package dev.penstock.engine.calibrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.BatchLimits;
import dev.penstock.engine.calibrate.TrialRun.Outcome;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TrialRunTest {
  private static final BatchLimits LIMITS = new BatchLimits(2, 64, 8, true);
  private static final Duration LONG = Duration.ofSeconds(20);

  private final AtomicInteger runs = new AtomicInteger();
  private final AtomicInteger texts = new AtomicInteger();

  private static List<int[]> texts(int count) {
    return Collections.nCopies(count, new int[8]);
  }

  private List<float[]> count(List<int[]> sequences) {
    runs.incrementAndGet();
    texts.addAndGet(sequences.size());
    return sequences.stream().map(_ -> new float[1]).toList();
  }

  @Test
  void everyTextRunsOnceInBatchesOfTheLimits() throws Exception {
    Outcome outcome =
        TrialRun.run(
            LIMITS,
            sequences -> {
              assertThat(sequences).hasSizeLessThanOrEqualTo(8);
              return count(sequences);
            },
            texts(800),
            LONG);
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Done.class, done -> assertThat(done.textsPerSecond()).isPositive());
    assertThat(texts).hasValue(800);
    assertThat(runs).hasValueGreaterThanOrEqualTo(100);
  }

  @Test
  void aRunThatFailsIsNotTriedInHalvesAndEndsTheTurn() throws Exception {
    Outcome outcome =
        TrialRun.run(
            LIMITS,
            sequences -> {
              count(sequences);
              throw new IllegalStateException("out of memory\nat some native frame");
            },
            texts(800),
            LONG);
    assertThat(outcome).isEqualTo(new Outcome.Failed("out of memory"));
    assertThat(runs).hasValueLessThanOrEqualTo(2);
  }

  @Test
  void javasMemoryMayRunOutToo() throws Exception {
    Outcome outcome =
        TrialRun.run(
            LIMITS,
            _ -> {
              throw new OutOfMemoryError("Direct buffer memory");
            },
            texts(8),
            LONG);
    assertThat(outcome)
        .isEqualTo(new Outcome.Failed("java.lang.OutOfMemoryError: Direct buffer memory"));
  }

  @Test
  void aTurnHasALimit() throws Exception {
    Outcome outcome =
        TrialRun.run(
            LIMITS,
            sequences -> sequences.stream().map(_ -> new float[1]).toList(),
            texts(1_000_000),
            Duration.ZERO);
    assertThat(outcome).isEqualTo(new Outcome.Failed("it took longer than 0 s"));
  }
}
