package dev.penstock.engine.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Text up to a mark, as rules of a grammar: a rule for each part of the mark that may be there. */
final class Marker {
  private final Rules rules;

  Marker(Rules rules) {
    this.rules = rules;
  }

  /**
   * Any text that ends with the mark, which is in it once, and what follows.
   *
   * @param mayEnd whether it may end before that, too
   */
  String until(String mark, boolean mayEnd, String after) {
    int[] chars = mark.codePoints().toArray();
    List<String> names =
        IntStream.range(0, chars.length).mapToObj(_ -> rules.reserve("text")).toList();
    for (int i = 0; i < chars.length; i++) {
      List<String> branches = new ArrayList<>();
      var others = new StringBuilder("[^");
      for (int c : IntStream.of(chars).distinct().toArray()) {
        int next = next(chars, i, c);
        String then = next == chars.length ? after : names.get(next);
        branches.add(Rules.literal(Character.toString(c)) + " " + then);
        others.append(Rules.inSet(c));
      }
      branches.add(others + "] " + names.getFirst());
      if (mayEnd) {
        branches.add("\"\"");
      }
      rules.put(names.get(i), String.join(" | ", branches));
    }
    return names.getFirst();
  }

  /** How much of the mark is there, if so much was and this comes. */
  private static int next(int[] mark, int there, int c) {
    for (int length = there + 1; length > 0; length--) {
      boolean same = mark[length - 1] == c;
      for (int i = 0; i < length - 1 && same; i++) {
        same = mark[i] == mark[there - (length - 1) + i];
      }
      if (same) {
        return length;
      }
    }
    return 0;
  }

  /** Any text that does not begin, after blanks, with these words. */
  String notBegun(String words) {
    int[] chars = words.codePoints().toArray();
    String any = rules.add("any-text", "[^\\x00]*");
    String next = "";
    for (int i = chars.length - 1; i >= 0; i--) {
      String not = Rules.inSet(chars[i]) + (i == 0 ? " \\n" : "");
      String body = "[^" + not + "] " + any + " | \"\"";
      // With all of the words there, it is not that text any more.
      if (i + 1 < chars.length) {
        body += " | " + Rules.literal(Character.toString(chars[i])) + " " + next;
      }
      next = rules.add("text", body);
    }
    return rules.add("text", "[ \\n]* " + next);
  }
}
