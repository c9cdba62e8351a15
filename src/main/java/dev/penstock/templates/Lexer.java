package dev.penstock.templates;

import dev.penstock.templates.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens as Jinja's lexer does with {@code trim_blocks} and {@code
 * lstrip_blocks}: the line break after a tag and the blanks before it on its line are dropped.
 */
final class Lexer {
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*+raw\\s*+(-%}\\s*+|%})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*+endraw\\s*+(\\+%}|-%}\\s*+|%}\\n?)");
  private static final Pattern INTEGER =
      Pattern.compile("0[bB][01_]++|0[oO][0-7_]++|0[xX][0-9a-fA-F_]++|[0-9][0-9_]*+");
  private static final Pattern FLOAT =
      Pattern.compile(
          "[0-9][0-9_]*+(?:\\.[0-9][0-9_]*+)?[eE][+-]?[0-9][0-9_]*+|[0-9][0-9_]*+\\.[0-9][0-9_]*+");
  private static final List<String> LONG_OPERATORS = List.of("//", "**", "==", "!=", ">=", "<=");
  private static final String OPERATORS = "+-/*%~[](){}<>=.:|,";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    String kept = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    return new Lexer(kept).read();
  }

  private List<Token> read() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        data(source.substring(at));
        break;
      }
      tag(tag);
    }
    add(Kind.END, "");
    return tokens;
  }

  private int nextTag() {
    for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private void tag(int tag) {
    char kind = source.charAt(tag + 1);
    char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
    data(before(tag, sign, kind != '{'));
    moveTo(tag);
    Matcher raw = RAW.matcher(source).region(at, source.length());
    if (raw.lookingAt()) {
      raw(raw.end());
      return;
    }
    int signed = sign == '-' || sign == '+' ? 1 : 0;
    if (kind == '#') {
      comment(tag + 2 + signed);
    } else {
      add(kind == '{' ? Kind.PRINT : Kind.TAG, "");
      at += 2 + signed;
      code(kind == '{' ? "}}" : "%}");
    }
  }

  /** The text up to a tag, without the blanks that the tag takes away. */
  private String before(int tag, char sign, boolean block) {
    String text = source.substring(at, tag);
    if (sign == '-') {
      return Texts.stripEnd(text);
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean startsLine = lineStart > 0 || at == 0 || source.charAt(at - 1) == '\n';
    boolean drop = sign != '+' && block && startsLine;
    return drop && Texts.isBlank(text.substring(lineStart)) ? text.substring(0, lineStart) : text;
  }

  private void raw(int start) {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(start)) {
      throw fault("'raw' has no 'endraw'");
    }
    moveTo(start);
    String sign = end.group(1);
    data(before(end.start(), sign.isEmpty() ? ' ' : sign.charAt(0), true));
    moveTo(end.end());
  }

  private void comment(int start) {
    int end = source.indexOf("#}", start);
    if (end < 0) {
      throw fault("a comment has no end");
    }
    char sign = end > start ? source.charAt(end - 1) : ' ';
    moveTo(end + 2);
    after(sign, true);
  }

  /** Passes over what a tag's end takes away. */
  private void after(char sign, boolean block) {
    if (sign == '-') {
      blanks();
    } else if (sign != '+' && block && at < source.length() && source.charAt(at) == '\n') {
      moveTo(at + 1);
    }
  }

  private void blanks() {
    int end = at;
    while (end < source.length() && Texts.isBlank(source.charAt(end))) {
      end++;
    }
    moveTo(end);
  }

  private void code(String end) {
    boolean block = end.equals("%}");
    Deque<String> open = new ArrayDeque<>();
    while (true) {
      blanks();
      if (at >= source.length()) {
        throw fault("a tag has no '" + end + "'");
      }
      char c = source.charAt(at);
      int signed = c == '-' || (c == '+' && block) ? 1 : 0;
      if (open.isEmpty() && source.startsWith(end, at + signed)) {
        add(block ? Kind.TAG_END : Kind.PRINT_END, "");
        moveTo(at + signed + end.length());
        after(signed == 1 ? c : ' ', block);
        return;
      }
      word(c, open);
    }
  }

  private void word(char c, Deque<String> open) {
    if (c == '"' || c == '\'') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (Character.isLetter(c) || c == '_') {
      int end = at + 1;
      while (end < source.length()
          && (Character.isLetterOrDigit(source.charAt(end)) || source.charAt(end) == '_')) {
        end++;
      }
      add(Kind.NAME, source.substring(at, end));
      at = end;
    } else {
      operator(open);
    }
  }

  private void number() {
    Matcher number = FLOAT.matcher(source).region(at, source.length());
    boolean afterDot = source.charAt(at - 1) == '.';
    boolean isFloat = !afterDot && number.lookingAt();
    if (!isFloat) {
      number = INTEGER.matcher(source).region(at, source.length());
      number.lookingAt();
    }
    add(isFloat ? Kind.FLOAT : Kind.INTEGER, number.group().replace("_", ""));
    at = number.end();
  }

  private void operator(Deque<String> open) {
    String one = source.substring(at, at + 1);
    String operator =
        LONG_OPERATORS.stream().filter(each -> source.startsWith(each, at)).findAny().orElse(one);
    if (operator.length() == 1 && !OPERATORS.contains(operator)) {
      throw fault("unexpected '" + one + "'");
    }
    switch (operator) {
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "{" -> open.push("}");
      case ")", "]", "}" -> {
        if (!operator.equals(open.poll())) {
          throw fault("unexpected '" + operator + "'");
        }
      }
      default -> {}
    }
    add(Kind.OPERATOR, operator);
    at += operator.length();
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw fault("a string has no end");
    }
    String escaped = source.substring(at + 1, end);
    add(Kind.STRING, escaped.indexOf('\\') < 0 ? escaped : unescaped(escaped));
    moveTo(end + 1);
  }

  private String unescaped(String escaped) {
    var text = new StringBuilder(escaped.length());
    for (int i = 0; i < escaped.length(); i++) {
      char c = escaped.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      c = escaped.charAt(++i);
      switch (c) {
        case '\n' -> {}
        case '\\', '\'', '"' -> text.append(c);
        case 'a' -> text.append('\u0007');
        case 'b' -> text.append('\b');
        case 'f' -> text.append('\f');
        case 'n' -> text.append('\n');
        case 'r' -> text.append('\r');
        case 't' -> text.append('\t');
        case 'v' -> text.append('\u000b');
        case 'x', 'u', 'U' -> {
          int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
          text.appendCodePoint(codePoint(escaped, i + 1, i + 1 + digits, 16));
          i += digits;
        }
        case '0', '1', '2', '3', '4', '5', '6', '7' -> {
          int end = i + 1;
          while (end < escaped.length() && end < i + 3 && isOctal(escaped.charAt(end))) {
            end++;
          }
          text.appendCodePoint(codePoint(escaped, i, end, 8));
          i = end - 1;
        }
        default -> text.append('\\').append(c);
      }
    }
    return text.toString();
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private int codePoint(String text, int from, int to, int radix) {
    try {
      int code = to > text.length() ? -1 : Integer.parseUnsignedInt(text, from, to, radix);
      if (Character.isValidCodePoint(code)) {
        return code;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw fault("a string has an escape that means nothing");
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      add(Kind.DATA, text);
    }
  }

  private void add(Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private void moveTo(int end) {
    for (; at < end; at++) {
      if (source.charAt(at) == '\n') {
        line++;
      }
    }
  }

  private TemplateFault fault(String problem) {
    return new TemplateFault(line, problem);
  }
}
