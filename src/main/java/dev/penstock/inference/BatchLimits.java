package dev.penstock.inference;

import dev.penstock.config.Settings;

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
record BatchLimits(int threads, int tokenBudget, int padding, boolean perToken) {

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

  BatchLimits {
    if (threads < 1 || tokenBudget < 1 || padding < 0) {
      throw new IllegalArgumentException(
          "threads %d, token budget %d, padding %d".formatted(threads, tokenBudget, padding));
    }
  }

  /** The settings, and the device's own figures where those are 0. */
  static BatchLimits of(Device device, Settings.Inference settings) {
    BatchLimits own =
        switch (device) {
          case Device.Cpu() ->
              new BatchLimits(
                  Runtime.getRuntime().availableProcessors(), CPU_TOKEN_BUDGET, CPU_PADDING, true);
          case Device.Cuda(int index) ->
              new BatchLimits(GPU_THREADS, GPU_TOKEN_BUDGET, GPU_PADDING, false);
        };
    return new BatchLimits(
        settings.threads() > 0 ? settings.threads() : own.threads,
        settings.tokenBudget() > 0 ? settings.tokenBudget() : own.tokenBudget,
        own.padding,
        own.perToken);
  }
}
