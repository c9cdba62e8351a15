package dev.penstock.cli;

import dev.penstock.base.Visible;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Prints an answer as it comes. On a terminal what the model says to itself is shown too, dimmed,
 * and nothing that it says can move the cursor.
 */
final class AnswerScreen {
  private static final String DIM = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  /** What a text consists of beside its letters. */
  private static final Pattern SPACES = Pattern.compile("[\n\t]");

  private final Io io;
  private boolean thinking;
  private boolean lineOpen;

  AnswerScreen(Io io) {
    this.io = io;
  }

  void content(String text) throws Failure {
    if (thinking) {
      thinking = false;
      io.out().print(PLAIN + (lineOpen ? "\n\n" : "\n"));
    }
    print(text);
  }

  void reasoning(String text) throws Failure {
    if (!io.outTerminal() || text.isEmpty()) {
      return;
    }
    if (!thinking) {
      thinking = true;
      io.out().print(DIM);
    }
    print(text);
  }

  private void print(String text) throws Failure {
    if (text.isEmpty()) {
      return;
    }
    io.out().print(io.outTerminal() ? safe(text) : text);
    lineOpen = !text.endsWith("\n");
    io.flush();
  }

  /** The answer is over: what comes next begins a line. */
  void end() throws Failure {
    if (thinking) {
      io.out().print(PLAIN);
    }
    if (lineOpen) {
      io.out().print("\n");
    }
    io.flush();
  }

  /** How much it took, for who asked. */
  void took(int prompt, int answer, long nanosToFirst, long nanos, @Nullable String why) {
    double seconds = Math.max(1, nanos - nanosToFirst) / 1e9;
    io.complain(
        "%d tokens read, %d made; the first after %d ms, %.1f tokens/s%s"
            .formatted(
                prompt,
                answer,
                nanosToFirst / 1_000_000,
                Math.max(0, answer - 1) / seconds,
                why == null || why.equals("stop") ? "" : "; ended by " + why));
  }

  /** It ended before it was complete. */
  void cut() {
    if (io.errTerminal()) {
      io.complain("the answer is cut: it has as many tokens as it may (--max-tokens)");
    }
  }

  static String safe(String text) {
    var out = new StringBuilder();
    Matcher space = SPACES.matcher(text);
    int from = 0;
    while (space.find()) {
      out.append(Visible.text(text.substring(from, space.start()))).append(space.group());
      from = space.end();
    }
    return out.append(Visible.text(text.substring(from))).toString();
  }
}
