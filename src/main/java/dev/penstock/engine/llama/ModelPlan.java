package dev.penstock.engine.llama;

/**
 * How a model is to be opened.
 *
 * @param file its GGUF; of a split one the first part
 * @param slots how many texts it makes side by side
 * @param context tokens that each slot has room for; 0: what it was trained for
 * @param step tokens that one step takes at most, in all slots: the rest of a prompt waits
 * @param threads that compute. ggml's spin while they wait for each other, so one core has to stay
 *     free for everything else
 * @param gpuLayers layers that a GPU takes; 0: none
 * @param fullCache what was read is kept as it was computed, not rounded to half of that. It takes
 *     twice the memory, and a text in company is then the one that is made alone: rounding makes
 *     more of the last bits, in which the two differ
 */
record ModelPlan(
    String file, int slots, int context, int step, int threads, int gpuLayers, boolean fullCache) {
  /** As many as the library takes. */
  static final int MOST_SLOTS = 256;

  private static final int MOST_STEP = 1 << 16;
  private static final int MOST_THREADS = 512;

  ModelPlan {
    within("slots", slots, 1, MOST_SLOTS);
    within("context", context, 0, Integer.MAX_VALUE / slots);
    within("step", step, slots, MOST_STEP);
    within("threads", threads, 1, MOST_THREADS);
    within("gpuLayers", gpuLayers, 0, Integer.MAX_VALUE);
  }

  private static void within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s = %d: must be from %d to %d".formatted(name, value, least, most));
    }
  }
}
