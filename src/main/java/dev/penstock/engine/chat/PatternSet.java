package dev.penstock.engine.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;

/** A set of characters in a pattern, and how a JSON string says them. */
final class PatternSet {
  private static final int CONTROLS = 0x20;
  private static final int DELETE = 0x7f;
  private static final String ESCAPED = "\"\\\b\f\n\r\t";
  private static final String LETTERS = "\"\\bfnrt";

  private final BitSet all = new BitSet(CONTROLS);

  static PatternSet of(String chars) {
    var set = new PatternSet();
    chars.codePoints().forEach(set.all::set);
    return set;
  }

  static PatternSet digits() {
    return new PatternSet().range('0', '9');
  }

  static PatternSet words() {
    return digits().range('a', 'z').range('A', 'Z').add(of("_"));
  }

  static PatternSet blanks() {
    return of("\t\n\u000b\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff")
        .range(0x2000, 0x200a);
  }

  static PatternSet lineEnds() {
    return of("\n\r\u2028\u2029");
  }

  PatternSet range(int first, int last) {
    all.set(first, last + 1);
    return this;
  }

  PatternSet add(PatternSet other) {
    all.or(other.all);
    return this;
  }

  PatternSet others() {
    var others = new PatternSet().range(0, Chars.LAST);
    others.all.andNot(all);
    others.all.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
    return others;
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** As a grammar's text. */
  String rule() {
    List<String> branches = new ArrayList<>();
    var plain = (BitSet) all.clone();
    plain.clear(0, CONTROLS);
    plain.clear(DELETE);
    ESCAPED.chars().forEach(plain::clear);
    plain.clear(Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1);
    if (!plain.isEmpty()) {
      var set = new StringBuilder("[");
      for (int from = plain.nextSetBit(0); from >= 0; ) {
        int end = plain.nextClearBit(from);
        set.append(Rules.inSet(from));
        if (end - 1 > from) {
          set.append('-').append(Rules.inSet(end - 1));
        }
        from = plain.nextSetBit(end);
      }
      branches.add(set.append(']').toString());
    }
    all.stream()
        .filter(c -> !plain.get(c))
        .filter(c -> c <= DELETE)
        .forEach(c -> {
          int at = ESCAPED.indexOf(c);
          String text = at < 0 ? "\\u%04x".formatted(c) : "\\" + LETTERS.charAt(at);
          branches.add(Rules.literal(text));
        });
    return branches.stream().collect(Collectors.joining(" | ", "(", ")"));
  }

  /** Names the characters that a shorthand such as {@code \d} stands for, where it is one. */
  static boolean isShorthand(int letter) {
    return Arrays.asList((int) 'd', (int) 'w', (int) 's', (int) 'D', (int) 'W', (int) 'S')
        .contains(letter);
  }

  static PatternSet shorthand(int letter) {
    PatternSet set =
        switch (Character.toLowerCase(letter)) {
          case 'd' -> digits();
          case 'w' -> words();
          default -> blanks();
        };
    return Character.isUpperCase(letter) ? set.others() : set;
  }
}
