package dev.penstock.engine.llama;

import java.util.Map;

/**
 * How the next token is taken from the scores.
 *
 * @param temperature 0 takes the best one; above it, what is less likely gets more of a chance
 * @param topK only so many of the best; 0: all
 * @param topP only the best that together are as likely as that; 1: all
 * @param minP only those that are as likely as that part of the best; 0: all
 * @param presence taken from the score of each token that the answer has already
 * @param frequency the same, once for each time
 * @param bias added to the scores of these tokens
 * @param seed what is drawn depends on it, on {@code choice} and on the place in the answer, and on
 *     nothing else: not on who runs beside it, nor on how often it was interrupted
 * @param choice the number of this answer, of several to one prompt
 */
record Sampling(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presence,
    float frequency,
    Map<Integer, Float> bias,
    long seed,
    int choice) {

  static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 0, 0, Map.of(), 0, 0);

  Sampling {
    within("temperature", temperature, 0, 100);
    within("top_p", topP, 0, 1);
    within("min_p", minP, 0, 1);
    within("presence_penalty", presence, -100, 100);
    within("frequency_penalty", frequency, -100, 100);
    bias.values().forEach(value -> within("logit_bias", value, -1_000, 1_000));
    if (topK < 0) {
      throw new IllegalArgumentException("top_k = " + topK + ": must not be below 0");
    }
    bias = Map.copyOf(bias);
  }

  static Sampling seeded(float temperature, long seed) {
    return new Sampling(temperature, 0, 1, 0, 0, 0, Map.of(), seed, 0);
  }

  private static void within(String name, float value, float least, float most) {
    if (!(value >= least && value <= most)) { // nor is it no number
      throw new IllegalArgumentException(
          "%s = %s: must be from %s to %s".formatted(name, value, least, most));
    }
  }
}
