package dev.penstock.engine.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads GBNF. It nests a few levels deep at most. */
final class GrammarReader {
  private static final int MAX_DEPTH = 50;
  private static final int MOST_TIMES = 1_000_000;

  private final String text;
  private final Map<String, Node.Rule> rules = new HashMap<>();
  private int at;
  private int depth;

  GrammarReader(String text) {
    this.text = text;
  }

  /** Its first rule by that name. */
  Node root() {
    blanks(true);
    while (at < text.length()) {
      Node.Rule rule = rule(name());
      blanks(false);
      expect("::=");
      blanks(true);
      if (rule.known) {
        throw fault("the rule '" + rule.name + "' is there twice");
      }
      rule.known = true;
      rule.body = choice(false);
      blanks(true);
    }
    for (Node.Rule rule : rules.values()) {
      if (!rule.known) {
        throw fault("there is no rule '" + rule.name + "'");
      }
    }
    if (!rules.containsKey(Grammar.ROOT)) {
      throw fault("there is no rule '" + Grammar.ROOT + "'");
    }
    return rule(Grammar.ROOT);
  }

  private Node.Rule rule(String name) {
    return rules.computeIfAbsent(name, Node.Rule::new);
  }

  private Node choice(boolean inner) {
    if (++depth > MAX_DEPTH) {
      throw fault("it is nested too deeply");
    }
    List<Node> branches = new ArrayList<>();
    branches.add(sequence(inner));
    while (is('|')) {
      at++;
      blanks(true);
      branches.add(sequence(inner));
    }
    depth--;
    return branches.size() == 1 ? branches.getFirst() : new Node.Choice(List.copyOf(branches));
  }

  private Node sequence(boolean inner) {
    List<Node> parts = new ArrayList<>();
    while (at < text.length()) {
      List<Node> next = new ArrayList<>();
      char c = text.charAt(at);
      if (c == '"') {
        literal(next);
      } else if (c == '[') {
        next.add(set());
      } else if (c == '.') {
        at++;
        next.add(new Chars(new int[0], true));
      } else if (c == '(') {
        at++;
        blanks(true);
        next.add(choice(true));
        expect(")");
      } else if (isName(c)) {
        next.add(rule(name()));
      } else {
        break;
      }
      blanks(inner);
      parts.addAll(times(next, inner));
    }
    return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(List.copyOf(parts));
  }

  /** With the sign after it, which goes to the whole of a literal. */
  private List<Node> times(List<Node> parts, boolean inner) {
    List<Node> all = parts;
    while (at < text.length() && "*+?{".indexOf(text.charAt(at)) >= 0) {
      Node part = all.size() == 1 ? all.getFirst() : new Node.Sequence(List.copyOf(all));
      Node repeat =
          switch (text.charAt(at++)) {
            case '*' -> new Node.Repeat(part, 0, Node.ENDLESS);
            case '+' -> new Node.Repeat(part, 1, Node.ENDLESS);
            case '?' -> new Node.Repeat(part, 0, 1);
            default -> counted(part);
          };
      all = List.of(repeat);
      blanks(inner);
    }
    return all;
  }

  private Node counted(Node part) {
    int least = number();
    int most = least;
    if (is(',')) {
      at++;
      most = is('}') ? Node.ENDLESS : number();
    }
    expect("}");
    if (most < least) {
      throw fault("it repeats less than it has to");
    }
    return new Node.Repeat(part, least, most);
  }

  private int number() {
    int from = at;
    int number = 0;
    while (at < text.length() && Character.digit(text.charAt(at), 10) >= 0) {
      number = Math.min(MOST_TIMES + 1, 10 * number + Character.digit(text.charAt(at++), 10));
    }
    if (at == from || number > MOST_TIMES) {
      throw fault("a number from 0 to " + MOST_TIMES + " is expected");
    }
    return number;
  }

  private void literal(List<Node> into) {
    at++;
    while (!is('"')) {
      into.add(Chars.one(character()));
    }
    at++;
  }

  private Chars set() {
    at++;
    boolean except = is('^');
    at += except ? 1 : 0;
    List<Integer> ranges = new ArrayList<>();
    while (!is(']')) {
      int first = character();
      int last = first;
      if (is('-') && at + 1 < text.length() && text.charAt(at + 1) != ']') {
        at++;
        last = character();
      }
      ranges.add(first);
      ranges.add(last);
    }
    at++;
    return new Chars(sorted(ranges), except);
  }

  private static int[] sorted(List<Integer> ranges) {
    List<int[]> pairs = new ArrayList<>();
    for (int i = 0; i < ranges.size(); i += 2) {
      pairs.add(new int[] {ranges.get(i), ranges.get(i + 1)});
    }
    pairs.sort((a, b) -> Integer.compare(a[0], b[0]));
    return pairs.stream().flatMapToInt(Arrays::stream).toArray();
  }

  private int character() {
    if (at >= text.length()) {
      throw fault("it ends too early");
    }
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    if (c != '\\') {
      return c;
    }
    if (at >= text.length()) {
      throw fault("it ends too early");
    }
    char escaped = text.charAt(at++);
    return switch (escaped) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      case '"', '\\', '[', ']', '-', '^' -> escaped;
      default -> throw fault("'\\" + escaped + "' means nothing");
    };
  }

  private int hex(int digits) {
    if (at + digits > text.length()) {
      throw fault("it ends too early");
    }
    try {
      int value = Integer.parseInt(text, at, at + digits, 16);
      at += digits;
      return value;
    } catch (NumberFormatException e) {
      throw fault("hexadecimal digits are expected");
    }
  }

  private static boolean isName(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  }

  private String name() {
    int from = at;
    while (at < text.length() && isName(text.charAt(at))) {
      at++;
    }
    if (at == from) {
      throw fault("a name is expected");
    }
    return text.substring(from, at);
  }

  private boolean is(char c) {
    if (at >= text.length() && c != '|' && c != '-' && c != ',' && c != '^') {
      throw fault("it ends too early");
    }
    return at < text.length() && text.charAt(at) == c;
  }

  private void expect(String sign) {
    if (!text.startsWith(sign, at)) {
      throw fault("'" + sign + "' is expected");
    }
    at += sign.length();
  }

  private void blanks(boolean lines) {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '#') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        at++;
      } else {
        return;
      }
    }
  }

  private IllegalArgumentException fault(String problem) {
    return new IllegalArgumentException(
        "no grammar, at character %d: %s".formatted(at + 1, problem));
  }
}
