package dev.penstock.engine.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is said arrives as it was said. */
final class MessagesTest {
  private static final Messages.Turn TURN =
      new Messages.Turn(
          List.of(
              new ToChild.Open("/lib", null, Stories.plan()),
              new ToChild.Open("/lib", "x64", Stories.rounded()),
              new ToChild.Generate(
                  new Generation(
                      7,
                      List.of(1, 2),
                      List.of(3, 4),
                      1,
                      9,
                      new Sampling(0.5f, 40, 0.9f, 0.1f, 1, -1, Map.of(5, 2f, 6, -3f), -8, 2),
                      List.of("end", "é"))),
              new ToChild.Cancel(7),
              new ToChild.Tokenise(8, "a text 🚀", true, false)),
          Duration.ofMillis(20));

  private static final Messages.News NEWS =
      new Messages.News(
          List.of(
              new ToNode.Loading(0.25f),
              new ToNode.Opened(
                  new ModelInfo(
                      "a model", "llama", 512, 2_048, 512, 4, 1, 2, -1, true, "", "", 9, null)),
              new ToNode.Opened(
                  new ModelInfo(
                      "", "", 1, 2, 3, 4, 5L << 40, 6, 7, false, "<s>", "</s>", 1, "{{ x }}")),
              new ToNode.CannotOpen("why", true),
              new ToNode.Tokens(8, List.of(1, 511)),
              new ToNode.NoTokens(8, "no"),
              new ToNode.Piece(7, 410, " é"),
              new ToNode.Ended(7, Ending.failed("so")),
              new ToNode.Ended(7, Ending.of(Ending.Cause.STOP, "rest"))),
          new SlotLoop.Health(12, 34));

  @Test
  void whatIsSaidArrives() throws Exception {
    assertThat(Messages.turn(Messages.write(TURN))).isEqualTo(TURN);
    assertThat(Messages.news(Messages.write(NEWS))).isEqualTo(NEWS);
  }

  @Test
  void aMessageThatWasCutIsAnError() {
    byte[] whole = Messages.write(TURN);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Messages.turn(cut)).isInstanceOf(IOException.class);
    }
  }
}
