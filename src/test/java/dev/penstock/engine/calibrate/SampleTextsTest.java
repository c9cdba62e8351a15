package dev.penstock.engine.calibrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.TestModels;
import dev.penstock.engine.Tokenizer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SampleTextsTest {
  private static final int CLS = 101;
  private static final int SEP = 102;

  @Test
  void theyAreOfMixedLengthMostlyShortAndTheSameEveryTime() throws Exception {
    try (Tokenizer tokenizer = TestModels.tokenizer(TestModels.MINILM)) {
      List<int[]> texts = new SampleTexts(tokenizer).mixed(1_000);
      int[] lengths = texts.stream().mapToInt(ids -> ids.length).sorted().toArray();
      assertThat(lengths).hasSize(1_000);
      assertThat(lengths[0]).isBetween(4, 5);
      assertThat(lengths[500]).isBetween(25, 40); // √(4 × 250) is 32
      assertThat(lengths[999]).isBetween(240, 250);
      assertThat(texts).allSatisfy(ids -> assertThat(ids).startsWith(CLS).endsWith(SEP));
      List<int[]> again = new SampleTexts(tokenizer).mixed(1_000);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(Arrays.equals(texts.get(i), again.get(i))).isTrue();
      }
    }
  }

  @Test
  void longOnesFillABatch() throws Exception {
    try (Tokenizer tokenizer = TestModels.tokenizer(TestModels.MINILM)) {
      SampleTexts texts = new SampleTexts(tokenizer);
      assertThat(texts.ofTokens(2_048)).hasSize(8).allMatch(ids -> ids.length == texts.longest());
      assertThat(texts.ofTokens(1)).hasSize(1);
    }
  }
}
