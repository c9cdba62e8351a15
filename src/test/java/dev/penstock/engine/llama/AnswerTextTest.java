package dev.penstock.engine.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What of an answer is known when. */
final class AnswerTextTest {
  private static String add(AnswerText text, String piece) {
    return text.add(piece.getBytes(UTF_8));
  }

  @Test
  void halfACharacterIsHeldBack() {
    var text = new AnswerText(List.of());
    byte[] rocket = "a🚀b".getBytes(UTF_8);
    assertThat(text.add(Arrays.copyOfRange(rocket, 0, 3))).isEqualTo("a");
    assertThat(text.add(Arrays.copyOfRange(rocket, 3, 4))).isEmpty();
    assertThat(text.add(Arrays.copyOfRange(rocket, 4, 6))).isEqualTo("🚀b");
    assertThat(text.add(Arrays.copyOfRange(rocket, 1, 3))).isEmpty();
    assertThat(text.end()).as("half a character at the end is left out").isEmpty();
  }

  @Test
  void bytesThatAreNoTextAreShownAsSuch() {
    var text = new AnswerText(List.of());
    assertThat(text.add(new byte[] {'a', (byte) 0xff, 'b'})).isEqualTo("a\ufffdb");
    assertThat(text.add(new byte[] {(byte) 0xf0})).isEmpty();
    assertThat(text.add(new byte[] {'c'})).isEqualTo("\ufffdc");
  }

  @Test
  void whatMayBeAStopStringIsHeldBack() {
    var text = new AnswerText(List.of("STOP", "TOE"));
    assertThat(add(text, "go S")).isEqualTo("go ");
    assertThat(add(text, "TO")).isEmpty();
    assertThat(add(text, "RE ST")).isEqualTo("STORE ");
    assertThat(add(text, "O")).isEmpty();
    assertThat(text.stopped()).isFalse();
    assertThat(add(text, "E and on")).as("the one that is whole first").isEqualTo("S");
    assertThat(text.stopped()).isTrue();
    assertThat(text.end()).isEmpty();
  }

  @Test
  void theFirstStopStringEndsTheText() {
    var text = new AnswerText(List.of("yy", "x"));
    assertThat(add(text, "a x yy")).isEqualTo("a ");
    assertThat(text.stopped()).isTrue();
  }

  @Test
  void whatWasHeldBackComesAtTheEnd() {
    var text = new AnswerText(List.of("\n\nUser:"));
    assertThat(add(text, "bye\n\nUse")).isEqualTo("bye");
    assertThat(text.end()).isEqualTo("\n\nUse");
    assertThat(text.end()).isEmpty();
  }

  @Test
  void aStopStringMayComeInPiecesThatCutItsCharacters() {
    var text = new AnswerText(List.of("é!"));
    byte[] bytes = "café!".getBytes(UTF_8);
    var all = new StringBuilder();
    for (byte each : bytes) {
      all.append(text.add(new byte[] {each}));
    }
    assertThat(all).hasToString("caf");
    assertThat(text.stopped()).isTrue();
  }
}
