package dev.penstock.engine.chat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pattern of a JSON Schema, a regular expression of ECMAScript, as a grammar's text for what
 * stands between the quotation marks. It knows characters, sets, groups, alternatives, repetition,
 * and anchors at the ends.
 */
final class PatternRules {
  private static final int LONGEST = 2_000;
  private static final int MAX_DEPTH = 20;
  private static final int MOST_TIMES = 1_000;
  private static final long MOST_TIMES_TOGETHER = 5_000;

  private final String pattern;
  private final String anyChars;
  private int at;
  private int depth;

  /** The pattern has something that is not known here. Costs no stack trace. */
  private static final class Unknown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unknown() {
      super("an unknown pattern", null, false, false);
    }
  }

  /**
   * @param repeats the most that its innermost part is repeated
   */
  private record Part(String text, long repeats) {
    Part {
      if (repeats > MOST_TIMES_TOGETHER) {
        throw new Unknown();
      }
    }
  }

  private PatternRules(String pattern, String anyChars) {
    this.pattern = pattern;
    this.anyChars = anyChars;
  }

  /**
   * The grammar's text; null: the pattern has something that is not known here.
   *
   * @param anyChars the text for whatever stands beside what the pattern matches
   */
  static @Nullable String of(String pattern, String anyChars) {
    try {
      return pattern.length() > LONGEST ? null : new PatternRules(pattern, anyChars).whole();
    } catch (Unknown e) {
      return null;
    }
  }

  private String whole() {
    List<String> branches = new ArrayList<>();
    do {
      boolean fromStart = skip('^');
      String text = sequence().text();
      boolean toEnd = skip('$');
      branches.add((fromStart ? "" : anyChars + " ") + text + (toEnd ? "" : " " + anyChars));
    } while (skip('|'));
    if (at < pattern.length()) {
      throw new Unknown();
    }
    return "(" + String.join(" | ", branches) + ")";
  }

  private Part alternatives() {
    if (++depth > MAX_DEPTH) {
      throw new Unknown();
    }
    List<String> branches = new ArrayList<>();
    long repeats = 1;
    do {
      Part part = sequence();
      branches.add(part.text());
      repeats = Math.max(repeats, part.repeats());
    } while (skip('|'));
    depth--;
    return new Part("(" + String.join(" | ", branches) + ")", repeats);
  }

  private Part sequence() {
    var text = new StringBuilder("\"\"");
    long repeats = 1;
    while (at < pattern.length() && "|)".indexOf(pattern.charAt(at)) < 0 && !atEnd()) {
      Part part = repeated(atom());
      text.append(' ').append(part.text());
      repeats = Math.max(repeats, part.repeats());
    }
    return new Part(text.toString(), repeats);
  }

  /** Whether an anchor stands where the whole pattern, or an alternative of it, ends. */
  private boolean atEnd() {
    return depth == 0
        && pattern.charAt(at) == '$'
        && (at + 1 == pattern.length() || pattern.charAt(at + 1) == '|');
  }

  private Part atom() {
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return switch (c) {
      case '(' -> group();
      case '[' -> set();
      case '.' -> part(PatternSet.lineEnds().others());
      case '\\' -> part(escaped());
      case '^', '$', '*', '+', '?', '{', '}', ']' -> throw new Unknown();
      default -> part(PatternSet.of(Character.toString(c)));
    };
  }

  private static Part part(PatternSet set) {
    if (set.isEmpty()) {
      throw new Unknown();
    }
    return new Part(set.rule(), 1);
  }

  private Part group() {
    if (skip('?') && !skip(':')) {
      throw new Unknown(); // it looks ahead, or has a name
    }
    Part part = alternatives();
    need(')');
    return part;
  }

  private Part repeated(Part part) {
    if (at >= pattern.length()) {
      return part;
    }
    String times;
    long most = 1;
    switch (pattern.charAt(at)) {
      case '*' -> times = "*";
      case '+' -> times = "+";
      case '?' -> times = "?";
      case '{' -> {
        int end = pattern.indexOf('}', at);
        if (end < 0 || !pattern.substring(at, end + 1).matches("\\{\\d{1,4}(,\\d{0,4})?}")) {
          throw new Unknown();
        }
        times = pattern.substring(at, end + 1);
        for (String each : times.replaceAll("[{}]", "").split(",", -1)) {
          most = Math.max(most, each.isEmpty() ? 0 : Integer.parseInt(each));
        }
        at = end;
      }
      default -> {
        return part;
      }
    }
    at++;
    var _ = skip('?'); // as few as it can: the same texts
    if (most > MOST_TIMES) {
      throw new Unknown();
    }
    return new Part("(" + part.text() + ")" + times, part.repeats() * most);
  }

  private Part set() {
    boolean except = skip('^');
    var set = new PatternSet();
    while (!skip(']')) {
      int from = inSet(set);
      if (from >= 0) {
        boolean range =
            at + 1 < pattern.length() && pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']';
        if (range) {
          at++;
          int to = inSet(set);
          if (to < from) {
            throw new Unknown();
          }
          set.range(from, to);
        } else {
          set.range(from, from);
        }
      }
    }
    return part(except ? set.others() : set);
  }

  /** The next character in brackets; less than 0: it was a shorthand, which is added. */
  private int inSet(PatternSet into) {
    if (at >= pattern.length()) {
      throw new Unknown();
    }
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    if (c != '\\') {
      return c;
    }
    if (at < pattern.length() && PatternSet.isShorthand(pattern.charAt(at))) {
      into.add(PatternSet.shorthand(pattern.charAt(at++)));
      return -1;
    }
    return escapedChar();
  }

  private PatternSet escaped() {
    if (at < pattern.length() && PatternSet.isShorthand(pattern.charAt(at))) {
      return PatternSet.shorthand(pattern.charAt(at++));
    }
    return PatternSet.of(Character.toString(escapedChar()));
  }

  private int escapedChar() {
    if (at >= pattern.length()) {
      throw new Unknown();
    }
    char c = pattern.charAt(at++);
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'f' -> '\f';
      case 'v' -> '\u000b';
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      default -> {
        if (Character.isLetterOrDigit(c)) {
          throw new Unknown(); // an edge of a word, a group that was there, a property
        }
        yield c;
      }
    };
  }

  private int hex(int digits) {
    if (at + digits > pattern.length()
        || !pattern.substring(at, at + digits).matches("[0-9a-fA-F]+")) {
      throw new Unknown();
    }
    int value = Integer.parseInt(pattern, at, at + digits, 16);
    at += digits;
    if (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE) {
      throw new Unknown();
    }
    return value;
  }

  private boolean skip(char c) {
    boolean is = at < pattern.length() && pattern.charAt(at) == c;
    at += is ? 1 : 0;
    return is;
  }

  private void need(char c) {
    if (!skip(c)) {
      throw new Unknown();
    }
  }
}
