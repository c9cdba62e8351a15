package dev.penstock.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.TaskError.Code;
import org.junit.jupiter.api.Test;

/** What handlers and workers say of their runs, however they say it. */
final class MendedWordsTest {

  private static String message(String said) {
    return new TaskError(Code.TIMEOUT, said).message();
  }

  @Test
  void aLongErrorIsCut() {
    assertThat(message("x".repeat(30_000))).isEqualTo("x".repeat(2_000) + "…");
    assertThat(message(message("x".repeat(30_000)))).isEqualTo(message("x".repeat(30_000)));
    assertThat(message("x".repeat(1_999) + "😀")).isEqualTo("x".repeat(1_999) + "…");
  }

  @Test
  @SuppressWarnings("NullAway") // as a plugin may, which nothing checks
  void anErrorWithoutWordsSaysSo() {
    for (String nothing : new String[] {null, "", " \n"}) {
      assertThat(message(nothing)).isEqualTo("no reason was given");
    }
    assertThat(Outcome.retry(null))
        .isEqualTo(new Outcome.Retry(new TaskError(Code.HANDLER_FAILED, "no reason was given")));
    assertThat(new TaskError(null, "m").code()).isEqualTo(Code.HANDLER_FAILED);
  }

  @Test
  void whatCannotBeShownIsReplaced() {
    assertThat(message("a\0b\u001b[31mc\nd\te 😀 \ud800 \udc00"))
        .isEqualTo("a\ufffdb\ufffd[31mc\nd\te 😀 \ufffd \ufffd");
    assertThat(message("\udc00\ud800")).isEqualTo("\ufffd\ufffd");
    assertThat(new Progress(1, 2, "\0").message()).isEqualTo("\ufffd");
  }

  @Test
  @SuppressWarnings("NullAway") // as above
  void aProgressThatCannotBeIsMended() {
    assertThat(new Progress(5, 4, "five")).isEqualTo(new Progress(5, 5, "five"));
    assertThat(new Progress(-3, -1, "minus")).isEqualTo(new Progress(0, 0, "minus"));
    assertThat(new Progress(-3, 7, null)).isEqualTo(new Progress(0, 7, ""));
    Progress most = new Progress(Long.MAX_VALUE, Long.MIN_VALUE, "w".repeat(1_000));
    assertThat(most.done()).isEqualTo(1_000_000_000_000_000L).isEqualTo(most.total());
    assertThat(most.message()).hasSize(200);
  }
}
