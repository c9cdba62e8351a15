package dev.penstock.engine.llama;

import dev.penstock.models.ModelSource;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The models whose process died each time that they were opened: left alone for a while. */
final class Quarantine {
  static final Duration LENGTH = Duration.ofMinutes(10);

  private final LongSupplier nanoTime;
  private final Map<ModelSource, Case> cases = new ConcurrentHashMap<>();

  private record Case(String reason, long since) {}

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  Quarantine(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  void add(ModelSource source, String reason) {
    cases.put(source, new Case(reason, nanoTime.getAsLong()));
  }

  /**
   * Nothing, where it may be tried.
   *
   * @throws LlamaFailure saying why it is not
   */
  void check(ModelSource source) throws LlamaFailure {
    cases.values().removeIf(each -> nanoTime.getAsLong() - each.since() >= LENGTH.toNanos());
    Case known = cases.get(source);
    if (known != null) {
      throw new LlamaFailure(
          "its process died three times while it was opened, and it is tried again %d minutes after that: %s"
              .formatted(LENGTH.toMinutes(), known.reason()));
    }
  }
}
