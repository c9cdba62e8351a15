package dev.penstock.engine.llama;

import java.util.Arrays;
import java.util.Map;

/**
 * Takes the next token from the scores of all. Temperature goes first, so {@code top_p} and {@code
 * min_p} are parts of what is drawn from. Each token has a random number of its own: scores that
 * differ in their last bits, as they do between a step alone and one in company, then hardly ever
 * draw another one. For one thread: its room is used again.
 */
final class Sampler {
  /** What is further below the best than that, as a power of e, is never drawn. */
  private static final float NEGLIGIBLE = 40;

  private final int[] ids;
  private final double[] chances;
  private final long[] ranks;

  Sampler(int tokens) {
    ids = new int[tokens];
    chances = new double[tokens];
    ranks = new long[tokens];
  }

  /**
   * The next token.
   *
   * @param scores of all tokens; changed here
   * @param before how often the answer has each token
   * @param position of the token in the answer
   * @throws ArithmeticException when the scores are no numbers
   */
  int next(float[] scores, Sampling how, Map<Integer, Integer> before, int position) {
    how.bias().forEach((id, bias) -> scores[id] += bias);
    if (how.presence() != 0 || how.frequency() != 0) {
      before.forEach((id, count) -> scores[id] -= how.presence() + count * how.frequency());
    }
    int best = best(scores);
    if (how.temperature() == 0) {
      return best;
    }
    int count = candidates(scores, scores[best], how.temperature());
    if (how.topK() > 0 || how.topP() < 1) {
      count = cut(scores, count, how, scores[best]);
    }
    return draw(count, how, position);
  }

  private static int best(float[] scores) {
    int best = 0;
    for (int id = 0; id < scores.length; id++) {
      if (Float.isNaN(scores[id])) {
        throw new ArithmeticException("the model computed scores that are no numbers");
      }
      if (scores[id] > scores[best]) {
        best = id;
      }
    }
    if (Float.isInfinite(scores[best])) {
      throw new ArithmeticException("the model computed scores without end");
    }
    return best;
  }

  private int candidates(float[] scores, float best, float temperature) {
    float least = best - NEGLIGIBLE * temperature;
    int count = 0;
    for (int id = 0; id < scores.length; id++) {
      if (scores[id] >= least) {
        ids[count] = id;
        chances[count++] = chance(scores[id], best, temperature);
      }
    }
    return count;
  }

  /** As a part of the best one's. */
  private static double chance(float score, float best, float temperature) {
    return Math.exp(((double) score - best) / temperature);
  }

  /** Keeps the best ones. */
  private int cut(float[] scores, int count, Sampling how, float best) {
    for (int i = 0; i < count; i++) {
      ranks[i] = ((long) ~ordered(scores[ids[i]]) << Integer.SIZE) | ids[i];
    }
    Arrays.sort(ranks, 0, count);
    int kept = how.topK() > 0 ? Math.min(count, how.topK()) : count;
    double all = 0;
    for (int i = 0; i < kept; i++) {
      all += chance(scores[(int) ranks[i]], best, how.temperature());
    }
    double sum = 0;
    int most = kept;
    kept = 0;
    do {
      ids[kept] = (int) ranks[kept];
      chances[kept] = chance(scores[ids[kept]], best, how.temperature());
      sum += chances[kept++];
    } while (kept < most && sum < how.topP() * all);
    return kept;
  }

  /** The number's bits as a number that is larger where it is. */
  private static int ordered(float value) {
    int bits = Float.floatToRawIntBits(value);
    return bits ^ ((bits >> (Integer.SIZE - 1)) & Integer.MAX_VALUE);
  }

  /** Each token runs for a random time, the shorter the likelier it is; the first one is taken. */
  private int draw(int count, Sampling how, int position) {
    var draw = new Draw(how.seed(), how.choice(), position);
    int first = ids[0];
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      if (chances[i] >= how.minP()) {
        double time = -Math.log(draw.of(ids[i])) / chances[i];
        if (time < least) {
          least = time;
          first = ids[i];
        }
      }
    }
    return first;
  }
}
