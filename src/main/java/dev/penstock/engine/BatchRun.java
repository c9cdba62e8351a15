package dev.penstock.engine;

import java.time.Duration;

/**
 * One run of a model, for the meters.
 *
 * @param tokens without padding
 * @param paddedTokens longest × sequences
 */
public record BatchRun(
    String model, int sequences, int tokens, int paddedTokens, Duration time, boolean failed) {

  /** Hears of every run, on the thread that ran it: quick, and never throws. */
  @FunctionalInterface
  public interface Listener {
    void ran(BatchRun run);
  }
}
