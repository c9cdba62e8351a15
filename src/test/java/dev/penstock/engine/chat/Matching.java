package dev.penstock.engine.chat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Matches texts with grammars, and makes texts up that match. */
final class Matching {
  private static final int LONGEST = 1_500;
  private static final String LIKED = "\"\"\"}]}],:0123abe ";

  private Matching() {}

  static boolean matches(String gbnf, String text) {
    GrammarState state = after(gbnf, text);
    return state != null && state.complete();
  }

  static boolean begins(String gbnf, String text) {
    return after(gbnf, text) != null;
  }

  private static @Nullable GrammarState after(String gbnf, String text) {
    return Grammar.parse(gbnf).start().after(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A text that the grammar lets through, made letter by letter; null: it became too long. */
  static @Nullable String madeUp(String gbnf, Random random) {
    GrammarState state = Grammar.parse(gbnf).start();
    var text = new StringBuilder();
    while (text.length() < LONGEST) {
      if (state.complete() && (state.ended() || random.nextInt(3) == 0)) {
        return text.toString();
      }
      List<Integer> next = new ArrayList<>();
      List<GrammarState> states = new ArrayList<>();
      for (int c = 0; c < 0x80 + LIKED.length(); c++) {
        int letter = c < 0x80 ? c : LIKED.charAt(c - 0x80);
        GrammarState after = state.after(new byte[] {(byte) letter});
        if (after != null) {
          // Whatever ends something comes more often, or nothing would ever end.
          for (int times = c < 0x80 ? 1 : 8; times > 0; times--) {
            next.add(letter);
            states.add(after);
          }
        }
      }
      if (next.isEmpty()) {
        return state.complete() ? text.toString() : null;
      }
      int at = random.nextInt(next.size());
      text.append((char) (int) next.get(at));
      state = states.get(at);
    }
    return null;
  }
}
