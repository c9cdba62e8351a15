package dev.penstock.core;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What the holder of an API key may do. */
public enum Scope {
  /** Submit tasks, and see and change the owner's own. */
  CLIENT,
  /** Lease tasks and settle them; nothing else. */
  WORKER,
  /** What concerns all owners: keys, queues, workers, the dashboard. Includes what clients may. */
  ADMIN,
  /** Read the metrics. */
  METRICS;

  public String json() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The scope of that word, in lower case; empty for any other. */
  public static Optional<Scope> of(String word) {
    return Arrays.stream(values()).filter(scope -> scope.json().equals(word)).findFirst();
  }
}
