package dev.penstock.types.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class Cl100kTest {
  @Test
  void openAiTokenIdsBecomeTheirText() {
    // What OpenAI's tokenizer makes of this text.
    assertThat(Cl100k.decode(new int[] {15339, 1917})).isEqualTo("hello world");
    assertThatThrownBy(() -> Cl100k.decode(new int[] {2_000_000}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Cl100k.decode(new int[] {-1}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
