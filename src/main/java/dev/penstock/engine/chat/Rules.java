package dev.penstock.engine.chat;

import dev.penstock.core.InvalidInput;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The rules of a grammar as they are made, in GBNF. Equal ones are kept once, and there are not too
 * many.
 */
final class Rules {
  private static final int MOST_CHARS = 400_000;
  private static final int LONGEST_HINT = 24;

  private final Map<String, String> bodies = new LinkedHashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final String param;
  private int chars;
  private int reserved;

  /**
   * @param param the field that a grammar too large is the fault of
   */
  Rules(String param) {
    this.param = param;
  }

  /** A rule's name. */
  String add(String hint, String body) {
    String known = names.get(body);
    if (known != null) {
      return known;
    }
    String name = reserve(hint);
    put(name, body);
    names.put(body, name);
    return name;
  }

  /** A name for a rule that others refer to before it is there. */
  String reserve(String hint) {
    String plain = hint.replaceAll("[^A-Za-z0-9]+", "-");
    String shown = plain.substring(0, Math.min(plain.length(), LONGEST_HINT));
    return "r" + reserved++ + "-" + shown;
  }

  void put(String name, String body) {
    chars += name.length() + body.length();
    if (chars > MOST_CHARS) {
      throw new InvalidInput(param, "The schema becomes a grammar that is too large.");
    }
    bodies.put(name, body);
  }

  /** The grammar that begins with a rule. */
  String grammar(String root) {
    return bodies.entrySet().stream()
        .map(each -> each.getKey() + " ::= " + each.getValue())
        .collect(Collectors.joining("\n", Grammar.ROOT + " ::= " + root + "\n", "\n"));
  }

  /** A text as it stands for itself. */
  static String literal(String text) {
    var literal = new StringBuilder("\"");
    text.codePoints().forEach(c -> literal.append(c == '"' ? "\\\"" : inSet(c, false)));
    return literal.append('"').toString();
  }

  /** A character as it stands in brackets. */
  static String inSet(int c) {
    return inSet(c, true);
  }

  private static String inSet(int c, boolean brackets) {
    if (c == '\\') {
      return "\\\\";
    }
    if (c < ' ' || c == 0x7f) {
      return "\\x%02X".formatted(c);
    }
    // What llama.cpp has no escape for is written by its number.
    return brackets && "]-^[".indexOf(c) >= 0 ? "\\x%02X".formatted(c) : Character.toString(c);
  }
}
