package dev.penstock.metrics;

import dev.penstock.core.Ending;
import dev.penstock.task.Lane;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What Penstock counts and times. Labels come from bounded sets only: lanes exist in the catalogue,
 * never in a request alone.
 */
public final class Meters {
  private final MeterRegistry registry;
  private final Counter lostLeases;
  private final Counter duplicates;
  private final Counter restored;
  private final Counter staleSettles;
  private final MultiGauge lanes;

  public Meters(MeterRegistry registry) {
    this.registry = registry;
    lostLeases =
        Counter.builder("penstock.leases.lost")
            .description("Leases that lapsed with nothing heard from the worker")
            .register(registry);
    duplicates =
        Counter.builder("penstock.deliveries.duplicate")
            .description("Deliveries of tasks that had ended or were held elsewhere")
            .register(registry);
    restored =
        Counter.builder("penstock.tasks.restored")
            .description("Tasks made again from their messages because their records were lost")
            .register(registry);
    staleSettles =
        Counter.builder("penstock.settles.stale")
            .description("Results refused because the worker's lease was not the current one")
            .register(registry);
    lanes =
        MultiGauge.builder("penstock.lane.tasks")
            .description("Tasks of a lane that have not ended, by phase")
            .register(registry);
  }

  public void submitted(Lane lane) {
    registry.counter("penstock.tasks.submitted", lane(lane)).increment();
  }

  /** A run was settled. */
  public void settled(Lane lane, Ending ending) {
    String outcome =
        switch (ending) {
          case Ending.Completed _ -> "completed";
          case Ending.Failed _ -> "failed";
          case Ending.Backoff _ -> "retried";
          case Ending.Returned _ -> "returned";
          case Ending.Died _ -> "died";
          case Ending.Waits _ -> "waits";
        };
    ran(lane, outcome);
  }

  /** A held request's work was done without a task of the store. */
  public void ranNow(Lane lane, boolean completed) {
    ran(lane, completed ? "completed" : "failed");
    registry.counter("penstock.runs.direct", lane(lane)).increment();
  }

  /** Texts were longer than their model reads. */
  public void cut(Lane lane, int texts) {
    registry.counter("penstock.texts.cut", lane(lane)).increment(texts);
  }

  private void ran(Lane lane, String outcome) {
    registry.counter("penstock.runs", lane(lane).and("outcome", outcome)).increment();
  }

  /**
   * A task ended.
   *
   * @param waited from when it was ready to the start of its last run
   * @param ran how long that run took
   */
  public void ended(Lane lane, Duration waited, Duration ran) {
    timer("penstock.task.queue", lane(lane)).record(waited);
    timer("penstock.task.run", lane(lane)).record(ran);
  }

  private Timer timer(String name, Tags tags) {
    return Timer.builder(name)
        .tags(tags)
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(1))
        .maximumExpectedValue(Duration.ofMinutes(10))
        .register(registry);
  }

  public void leaseLost(int count) {
    lostLeases.increment(count);
  }

  /** Tasks whose records were lost were made again from their messages. */
  public void restored(int count) {
    restored.increment(count);
  }

  public void duplicate() {
    duplicates.increment();
  }

  public void staleSettle() {
    staleSettles.increment();
  }

  /** A child process ended that should not. */
  public void childCrashed(String child) {
    registry.counter("penstock.child.crashes", "child", child).increment();
  }

  /** One run of a model over {@code sequences} texts. */
  public void batch(String model, int sequences, int realTokens, int paddedTokens, Duration took) {
    Tags tags = Tags.of("model", model);
    DistributionSummary.builder("penstock.batch.sequences")
        .tags(tags)
        .register(registry)
        .record(sequences);
    registry.counter("penstock.batch.tokens", tags.and("kind", "real")).increment(realTokens);
    registry
        .counter("penstock.batch.tokens", tags.and("kind", "padding"))
        .increment((double) paddedTokens - realTokens);
    Timer.builder("penstock.batch.run").tags(tags).register(registry).record(took);
  }

  /** A figure read when somebody looks. */
  public <T> void gauge(String name, Tags tags, T source, ToDoubleFunction<T> figure) {
    Gauge.builder(name, source, figure).tags(tags).strongReference(true).register(registry);
  }

  /** A count that somebody else keeps. */
  public <T> void counter(String name, Tags tags, T source, ToDoubleFunction<T> count) {
    FunctionCounter.builder(name, source, count).tags(tags).register(registry);
  }

  /** Replaces the figures of all lanes: by lane and phase (ready, scheduled, running, waiting). */
  public void lanes(Map<Lane, Map<String, Long>> figures) {
    lanes.register(
        figures.entrySet().stream()
            .flatMap(entry ->
                entry.getValue().entrySet().stream()
                    .map(phase ->
                        MultiGauge.Row.of(
                            lane(entry.getKey()).and("phase", phase.getKey()), phase.getValue())))
            .toList(),
        true);
  }

  private static Tags lane(Lane lane) {
    return Tags.of("lane", lane.name());
  }
}
