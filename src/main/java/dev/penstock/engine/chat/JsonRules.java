package dev.penstock.engine.chat;

import java.util.ArrayList;
import java.util.List;

/** What JSON is made of, as rules of a grammar. */
final class JsonRules {
  /** Any value nests as deeply at most: what reads the answer has its limits, too. */
  private static final int ANY_DEPTH = 10;

  private static final int MOST_DIGITS = 18;

  /** One character in a string, as it is written there. */
  static final String CHAR =
      "[^\"\\\\\\x00-\\x1F\\x7F] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" (%s | %s))"
          .formatted(
              "[0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}",
              "[dD] [89abAB] [0-9a-fA-F]{2} \"\\\\u\" [dD] [c-fC-F] [0-9a-fA-F]{2}");

  private final Rules rules;

  JsonRules(Rules rules) {
    this.rules = rules;
  }

  Rules rules() {
    return rules;
  }

  /** The blanks between two parts, not many: models would go on and on. */
  String blanks() {
    return rules.add("blanks", "| \" \" | \"\\n\"{1,2} [ \\t]{0,20}");
  }

  String character() {
    return rules.add("char", CHAR);
  }

  String string() {
    return rules.add("string", "\"\\\"\" " + character() + "* \"\\\"\"");
  }

  String integer() {
    return rules.add("integer", "\"-\"? (\"0\" | [1-9] [0-9]{0,%d})".formatted(MOST_DIGITS - 1));
  }

  String number() {
    String exponent = "([eE] [-+]? [0-9]{1,3})?";
    return rules.add(
        "number", "%s (\".\" [0-9]{1,%d})? %s".formatted(integer(), MOST_DIGITS, exponent));
  }

  /** Any value. */
  String any() {
    return any(ANY_DEPTH);
  }

  private String any(int depth) {
    List<String> kinds = new ArrayList<>(List.of(string(), number(), "\"true\"", "\"false\""));
    kinds.add("\"null\"");
    if (depth > 0) {
      kinds.addFirst(array(any(depth - 1)));
      kinds.addFirst(object(any(depth - 1)));
    }
    return rules.add("any", String.join(" | ", kinds));
  }

  /** Any object. */
  String object() {
    return object(any(ANY_DEPTH - 1));
  }

  /** Any object with such values. */
  String object(String value) {
    String member = pair(string(), value);
    return rules.add("object", braces("(" + listed(member, 0, Node.ENDLESS) + ")?"));
  }

  private String array(String value) {
    return rules.add("array", brackets("(" + listed(value, 0, Node.ENDLESS) + ")?"));
  }

  String pair(String key, String value) {
    return "%s %s \":\" %s %s".formatted(key, blanks(), blanks(), value);
  }

  String braces(String members) {
    return "\"{\" %s %s \"}\"".formatted(blanks(), members);
  }

  String brackets(String items) {
    return "\"[\" %s %s \"]\"".formatted(blanks(), items);
  }

  String comma() {
    return "\",\" " + blanks();
  }

  /** One and, with commas, from so many to so many more; blanks at the end. */
  String listed(String item, int least, int most) {
    return "%s %s (%s %s %s)%s"
        .formatted(item, blanks(), comma(), item, blanks(), times(least, most));
  }

  static String times(int least, int most) {
    return most == Node.ENDLESS ? "{%d,}".formatted(least) : "{%d,%d}".formatted(least, most);
  }
}
