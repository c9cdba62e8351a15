package dev.penstock.types.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringWriter;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Cl100kTest {
  @Test
  void openAiTokenIdsBecomeTheirText() {
    // What OpenAI's tokenizer makes of this text.
    assertThat(Cl100k.decode(new int[] {15339, 1917})).isEqualTo("hello world");
    assertThatThrownBy(() -> Cl100k.text(new int[] {2_000_000}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Cl100k.text(new int[] {-1}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anIdIsKnownWhereTheEncodingHasATextForIt() {
    for (int id = 99_000; id < 101_000; id++) {
      int[] one = {id};
      boolean decoded = true;
      try {
        Cl100k.decode(one);
      } catch (RuntimeException e) {
        decoded = false;
      }
      assertThat(Cl100k.known(id)).as("id %d", id).isEqualTo(decoded);
    }
  }

  @Test
  void aLongTextIsTheSameReadBitByBit() throws Exception {
    var random = new Random(11);
    int[] ids = random.ints(20_000, 0, 100_256).toArray();
    try (var text = Cl100k.text(ids).open()) {
      var read = new StringWriter();
      text.transferTo(read);
      assertThat(read.toString()).isEqualTo(Cl100k.decode(ids));
    }
  }
}
