package dev.penstock.engine.calibrate;

import dev.penstock.engine.BatchLimits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Candidates that take turns, round after round, each round in the reverse order of the one before:
 * what the machine does besides, and how warm it is, meets all of them alike.
 */
final class Contest {
  /** Rounds for all who are not out. */
  static final int ROUNDS = 3;

  /** Then those that beat the standard so far meet it alone: of many, one may have been lucky. */
  static final int FINAL_ROUNDS = 2;

  private static final int MOST_ROUNDS = 9;

  /** Of the best rate of the first round: who has less is left out of the others. */
  private static final double HOPEFUL = 0.8;

  private final BatchLimits standard;
  private final Turns turns;
  private final BooleanSupplier timeLeft;
  private final Map<BatchLimits, Entry> entries = new LinkedHashMap<>();

  private static final class Entry {
    final List<Double> rates = new ArrayList<>();
    @Nullable String failure;
  }

  /** Runs one turn. */
  interface Turns {
    /**
     * Runs a candidate once.
     *
     * @param round counted from 1
     */
    TrialRun.Outcome run(int round, BatchLimits limits) throws InterruptedException;
  }

  /**
   * @param standard one of the candidates, which stays to the end
   * @param timeLeft whether one more round than there must be is wanted
   */
  Contest(
      List<BatchLimits> candidates, BatchLimits standard, Turns turns, BooleanSupplier timeLeft) {
    this.standard = standard;
    this.turns = turns;
    this.timeLeft = timeLeft;
    candidates.forEach(limits -> entries.put(limits, new Entry()));
  }

  /** Blocks for all rounds; ends when the standard fails. */
  Map<BatchLimits, Trial> run() throws InterruptedException {
    List<BatchLimits> running = new ArrayList<>(entries.keySet());
    for (int round = 1; goesOn(round, running); round++) {
      for (BatchLimits limits : List.copyOf(running)) {
        switch (turns.run(round, limits)) {
          case TrialRun.Outcome.Done(double rate) -> entry(limits).rates.add(rate);
          case TrialRun.Outcome.Failed(String why) -> {
            entry(limits).failure = why;
            running.remove(limits);
          }
        }
      }
      if (round == 1) {
        double best = running.stream().mapToDouble(this::first).max().orElse(0);
        running.removeIf(limits -> !limits.equals(standard) && first(limits) < HOPEFUL * best);
      } else if (round >= ROUNDS) {
        running.removeIf(limits -> !limits.equals(standard) && !beatsStandard(limits));
      }
      running = running.reversed();
    }
    Map<BatchLimits, Trial> trials = new LinkedHashMap<>();
    entries.keySet().forEach(limits -> trials.put(limits, trial(limits)));
    return trials;
  }

  private boolean goesOn(int round, List<BatchLimits> running) {
    if (!running.contains(standard)) {
      return false;
    }
    return round <= ROUNDS
        || (running.size() > 1
            && round <= MOST_ROUNDS
            && (round <= ROUNDS + FINAL_ROUNDS || timeLeft.getAsBoolean()));
  }

  private boolean beatsStandard(BatchLimits limits) {
    return trial(limits).beats(trial(standard));
  }

  private double first(BatchLimits limits) {
    return entry(limits).rates.getFirst();
  }

  private Trial trial(BatchLimits limits) {
    Entry entry = entry(limits);
    return new Trial(limits.threads(), limits.tokenBudget(), entry.rates, entry.failure);
  }

  private Entry entry(BatchLimits limits) {
    return Objects.requireNonNull(entries.get(limits));
  }
}
