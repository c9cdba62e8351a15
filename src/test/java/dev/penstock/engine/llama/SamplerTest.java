package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which token is taken from which scores. */
final class SamplerTest {
  private static final int DRAWS = 20_000;

  /** Chances of 0.5, 0.25, 0.125 and, of two, 0.0625, in no order. */
  private static final double[] CHANCES = {0.125, 0.0625, 0.5, 0.0625, 0.25};

  private final Sampler sampler = new Sampler(CHANCES.length);

  private static float[] scores() {
    float[] scores = new float[CHANCES.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.log(CHANCES[i]);
    }
    return scores;
  }

  private double[] drawn(Sampling how) {
    double[] parts = new double[CHANCES.length];
    for (int position = 0; position < DRAWS; position++) {
      parts[sampler.next(scores(), how, Map.of(), position)] += 1.0 / DRAWS;
    }
    return parts;
  }

  private Set<Integer> everDrawn(float temperature, int topK, float topP, float minP) {
    double[] parts = drawn(new Sampling(temperature, topK, topP, minP, 0, 0, Map.of(), 5, 0));
    Set<Integer> ever = new TreeSet<>();
    for (int i = 0; i < parts.length; i++) {
      if (parts[i] > 0) {
        ever.add(i);
      }
    }
    return ever;
  }

  @Test
  void tokensAreDrawnAsOftenAsTheyAreLikely() {
    for (long seed = 0; seed < 3; seed++) {
      double[] parts = drawn(Sampling.seeded(1, seed));
      for (int i = 0; i < CHANCES.length; i++) {
        assertThat(parts[i]).isCloseTo(CHANCES[i], within(0.02));
      }
    }
  }

  @Test
  void aTemperatureBelowOneFavoursTheBest() {
    assertThat(drawn(Sampling.seeded(0.5f, 1))[2]).isCloseTo(0.744, within(0.02));
    assertThat(drawn(Sampling.seeded(2, 1))[2]).isCloseTo(0.331, within(0.02));
    assertThat(drawn(Sampling.seeded(0.01f, 1))[2]).isEqualTo(1, within(1e-9));
    assertThat(sampler.next(scores(), Sampling.GREEDY, Map.of(), 0)).isEqualTo(2);
  }

  @Test
  void theFirstOfEqualsIsTheBest() {
    assertThat(sampler.next(new float[] {1, 3, 2, 3, 0}, Sampling.GREEDY, Map.of(), 0))
        .isEqualTo(1);
  }

  @Test
  void onlyTheBestAreDrawnFrom() {
    assertThat(everDrawn(1, 0, 1, 0)).hasSize(5);
    assertThat(everDrawn(1, 2, 1, 0)).containsExactly(2, 4);
    assertThat(everDrawn(1, 100, 1, 0)).hasSize(5);
    assertThat(everDrawn(1, 0, 0.7f, 0)).containsExactly(2, 4);
    assertThat(everDrawn(1, 0, 0.8f, 0)).containsExactly(0, 2, 4);
    assertThat(everDrawn(1, 0, 0, 0)).containsExactly(2);
    assertThat(everDrawn(1, 0, 1, 0.2f)).containsExactly(0, 2, 4);
    assertThat(everDrawn(1, 3, 0.6f, 0)).as("of three").containsExactly(2, 4);
    assertThat(everDrawn(0.5f, 0, 0.7f, 0)).as("of what is drawn from").containsExactly(2);
    assertThat(everDrawn(1, 2, 1, 0.9f)).containsExactly(2);
  }

  @Test
  void whatTheAnswerHasAlreadyIsLessLikely() {
    var present = new Sampling(0, 0, 1, 0, 0.8f, 0, Map.of(), 0, 0);
    var often = new Sampling(0, 0, 1, 0, 0, 0.3f, Map.of(), 0, 0);
    assertThat(sampler.next(scores(), present, Map.of(2, 1), 0)).isEqualTo(4);
    assertThat(sampler.next(scores(), often, Map.of(2, 2), 0)).isEqualTo(2);
    assertThat(sampler.next(scores(), often, Map.of(2, 3), 0)).isEqualTo(4);
    var bias = new Sampling(0, 0, 1, 0, 0, 0, Map.of(3, 5f), 0, 0);
    assertThat(sampler.next(scores(), bias, Map.of(), 0)).isEqualTo(3);
  }

  @Test
  void aDrawDependsOnSeedChoiceAndPlace() {
    assertThat(new Draw(1, 2, 3).of(4)).isEqualTo(new Draw(1, 2, 3).of(4));
    assertThat(
            new TreeSet<>(
                Set.of(
                    new Draw(1, 2, 3).of(4),
                    new Draw(2, 1, 3).of(4),
                    new Draw(1, 3, 2).of(4),
                    new Draw(3, 2, 1).of(4),
                    new Draw(1, 2, 4).of(3),
                    new Draw(1, 2, 3).of(5),
                    new Draw(-1, 2, 3).of(4))))
        .hasSize(7)
        .allSatisfy(draw -> assertThat(draw).isBetween(1e-9, 1 - 1e-9));
  }

  @Test
  void scoresThatDifferInTheirLastBitsDrawTheSame() {
    int differ = 0;
    for (int position = 0; position < DRAWS; position++) {
      float[] near = scores();
      for (int i = 0; i < near.length; i++) {
        near[i] += (i % 2 == 0 ? 1 : -1) * 2e-6f;
      }
      var how = new Sampling(1, 4, 0.9f, 0, 0, 0, Map.of(), 9, 0);
      if (sampler.next(near, how, Map.of(), position)
          != sampler.next(scores(), how, Map.of(), position)) {
        differ++;
      }
    }
    assertThat(differ).isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void scoresThatAreNoNumbersAreAnError(float wrong) {
    float[] scores = scores();
    scores[3] = wrong;
    assertThatThrownBy(() -> sampler.next(scores, Sampling.seeded(1, 1), Map.of(), 0))
        .isInstanceOf(ArithmeticException.class);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, -0.5f, 101})
  void whatIsNoTemperatureIsRefused(float wrong) {
    assertThatThrownBy(() -> Sampling.seeded(wrong, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("temperature = " + wrong);
  }
}
