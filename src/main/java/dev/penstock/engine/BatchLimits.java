package dev.penstock.engine;

import dev.penstock.config.Settings;
import dev.penstock.engine.calibrate.Calibrated;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How batches are made for a device.
 *
 * @param threads model runs side by side
 * @param tokenBudget padded tokens (longest × count) of a batch; a longer sequence runs alone
 * @param padding tokens of padding that adding one sequence to a batch may cost: what a run costs
 *     whatever its size, in tokens. Below that sharing a run is cheaper than another one
 * @param perToken true: a run's time grows with its tokens, as on a CPU. Then what waits is spread
 *     over the runs that are free, and nothing less urgent is taken along
 */
public record BatchLimits(int threads, int tokenBudget, int padding, boolean perToken) {

  /**
   * Measured on two cores with a model of 22 M parameters and texts of mixed length: one thread a
   * run and a run per core beats every other split, like lengths with at most 512 padded tokens a
   * batch beat larger ones, and a run costs about as much as 8 tokens.
   */
  private static final int CPU_TOKEN_BUDGET = 512;

  private static final int CPU_PADDING = 8;

  /** Not measured: two runs hide the copying, and a GPU needs thousands of tokens to be busy. */
  private static final int GPU_THREADS = 2;

  private static final int GPU_TOKEN_BUDGET = 16_384;
  private static final int GPU_PADDING = 64;

  public BatchLimits {
    if (threads < 1 || tokenBudget < 1 || padding < 0) {
      throw new IllegalArgumentException(
          "threads %d, token budget %d, padding %d".formatted(threads, tokenBudget, padding));
    }
  }

  /** The device's own figures. */
  public static BatchLimits standard(Device device) {
    return switch (device) {
      case Device.Cpu() -> new BatchLimits(processors(), CPU_TOKEN_BUDGET, CPU_PADDING, true);
      case Device.Cuda(int index) ->
          new BatchLimits(GPU_THREADS, GPU_TOKEN_BUDGET, GPU_PADDING, false);
    };
  }

  /** What is worth a try on the device, its own figures among them. */
  public static List<BatchLimits> candidates(Device device) {
    BatchLimits standard = standard(device);
    IntStream threads =
        switch (device) {
          case Device.Cpu() -> IntStream.of(Math.max(1, processors() / 2), processors()).distinct();
          case Device.Cuda(int index) -> IntStream.rangeClosed(1, 3);
        };
    List<Integer> budgets =
        switch (device) {
          case Device.Cpu() -> List.of(256, 512, 1_024, 2_048);
          case Device.Cuda(int index) -> List.of(2_048, 4_096, 8_192, 16_384, 32_768, 65_536);
        };
    return threads
        .boxed()
        .flatMap(count -> budgets.stream().map(budget -> standard.with(count, budget)))
        .toList();
  }

  /** Each figure as set, else as calibrated, else the device's own. */
  static BatchLimits of(
      Device device, Settings.Inference settings, Optional<Calibrated> calibrated) {
    BatchLimits standard = standard(device);
    BatchLimits found =
        calibrated
            .map(figures -> standard.with(figures.threads(), figures.tokenBudget()))
            .orElse(standard);
    return found.with(
        settings.threads() > 0 ? settings.threads() : found.threads,
        settings.tokenBudget() > 0 ? settings.tokenBudget() : found.tokenBudget);
  }

  /** Whether nothing is left to be found. */
  static boolean allSet(Settings.Inference settings) {
    return settings.threads() > 0 && settings.tokenBudget() > 0;
  }

  private static boolean anySet(Settings.Inference settings) {
    return settings.threads() > 0 || settings.tokenBudget() > 0;
  }

  /** Where the figures come from, for the end of a sentence; empty where nobody need wonder. */
  static String origin(
      Device device, Settings.Inference settings, Optional<Calibrated> calibrated) {
    if (allSet(settings)) {
      return "";
    }
    return calibrated
        .map(figures ->
            ", " + (anySet(settings) ? "what is not set " : "") + "calibrated " + figures.date())
        .orElse(
            switch (device) {
              case Device.Cpu() -> "";
              case Device.Cuda(int index) -> " (guesses: 'penstock calibrate' measures them)";
            });
  }

  private BatchLimits with(int count, int budget) {
    return new BatchLimits(count, budget, padding, perToken);
  }

  private static int processors() {
    return Runtime.getRuntime().availableProcessors();
  }
}
