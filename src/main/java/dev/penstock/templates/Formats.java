package dev.penstock.templates;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code %} and {@code format}, as far as texts and numbers go. */
final class Formats {
  private static final Pattern PERCENT =
      Pattern.compile(
          "%(?:\\((?<name>[^()]*+)\\))?(?<flags>[-+ 0#]*+)(?<width>\\d{0,9}+)"
              + "(?:\\.(?<digits>\\d{1,9}+))?(?<type>.?)",
          Pattern.DOTALL);
  private static final Pattern FIELD =
      Pattern.compile(
          "(?<open>\\{\\{)|(?<close>}})|\\{(?<name>\\w*+)(?:!(?<as>[rs]))?(?::(?<spec>[^{}]*+))?}"
              + "|(?<bad>[{}])");
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(?<fill>.)(?=[<>^]))?(?<align>[<>^]?)(?<sign>[-+ ]?)(?<zero>0?)(?<width>\\d{0,9}+)"
              + "(?<comma>,?)(?:\\.(?<digits>\\d{1,9}+))?(?<type>[a-zA-Z%]?)",
          Pattern.DOTALL);

  /** As {@code center} does it, which puts what is over on the other side than a format does. */
  static final String CENTER = "center";

  private static final int MAX_DIGITS = 1_000;
  private static final int DIGITS = 6;

  private final Meter meter;
  private final Values values;

  Formats(Meter meter, Values values) {
    this.meter = meter;
    this.values = values;
  }

  /**
   * @param given a tuple for several directives, a map for named ones
   */
  String percent(String format, Object given) {
    List<Object> positional = given instanceof Tuple tuple ? tuple : List.of(given);
    var text = new Output(meter);
    Matcher directive = PERCENT.matcher(format);
    int at = 0;
    int used = 0;
    while (directive.find(at)) {
      text.append(format.substring(at, directive.start()));
      at = directive.end();
      String type = directive.group("type");
      if (type.equals("%")) {
        text.append("%");
        continue;
      }
      String name = directive.group("name");
      Object value = name != null ? values.item(given, name) : next(positional, used++);
      text.append(percent(directive, type, value));
    }
    boolean each = given instanceof Tuple || !(given instanceof Map || given instanceof List);
    if (each && used < positional.size()) {
      throw meter.fault("a format has fewer directives than it is given values");
    }
    return text.append(format.substring(at)).toString();
  }

  private Object next(List<Object> given, int at) {
    if (at >= given.size()) {
      throw meter.fault("a format has more directives than it is given values");
    }
    return given.get(at);
  }

  private String percent(Matcher directive, String type, Object value) {
    String flags = directive.group("flags");
    int digits = whole(directive.group("digits"), -1);
    int width = whole(directive.group("width"), 0);
    String sign = flags.contains("+") ? "+" : flags.contains(" ") ? " " : "-";
    boolean isText = type.equals("s") || type.equals("r");
    String text =
        isText
            ? cut(type.equals("s") ? values.text(value) : values.quoted(value), digits)
            : number(value, type, digits, sign, false);
    String align = flags.contains("-") ? "<" : flags.contains("0") && !isText ? "=" : ">";
    return padded(text, width, align, align.equals("=") ? "0" : " ");
  }

  String format(String format, Args args) {
    var text = new Output(meter);
    Matcher field = FIELD.matcher(format);
    int at = 0;
    int used = 0;
    while (field.find(at)) {
      text.append(format.substring(at, field.start()));
      at = field.end();
      if (field.group("bad") != null) {
        throw meter.fault("a format has a brace that means nothing here");
      } else if (field.group("name") == null) {
        text.append(field.group("open") != null ? "{" : "}");
      } else {
        String name = field.group("name");
        Object value = given(name.isEmpty() ? Integer.toString(used++) : name, args);
        String as = field.group("as");
        Object shown =
            as == null ? value : as.equals("r") ? values.quoted(value) : values.text(value);
        String spec = field.group("spec");
        text.append(spec == null || spec.isEmpty() ? values.text(shown) : spec(spec, shown));
      }
    }
    return text.append(format.substring(at)).toString();
  }

  private Object given(String name, Args args) {
    boolean isNumber = name.length() < 5 && name.chars().allMatch(c -> c >= '0' && c <= '9');
    Object value =
        isNumber ? next(args.positional(), Integer.parseInt(name)) : args.named().get(name);
    if (value == null) {
      throw meter.fault("a format lacks '" + name + "'");
    }
    return value;
  }

  private String spec(String format, Object value) {
    Matcher spec = SPEC.matcher(format);
    if (!spec.matches()) {
      throw meter.fault("a format's '" + format + "' means nothing");
    }
    String type = spec.group("type");
    int digits = whole(spec.group("digits"), -1);
    boolean isText = !Numbers.isNumber(value);
    if (isText && !type.isEmpty() && !type.equals("s")) {
      throw meter.fault("a format's '" + type + "' needs a number");
    }
    boolean plain = type.isEmpty() && (Numbers.isWhole(value) || digits < 0);
    String text =
        isText
            ? cut(values.text(value), digits)
            : number(
                value,
                !plain ? (type.isEmpty() ? "g" : type) : Numbers.isWhole(value) ? "d" : "",
                digits,
                spec.group("sign"),
                !spec.group("comma").isEmpty());
    boolean zero = !spec.group("zero").isEmpty();
    String align = spec.group("align");
    String fill = spec.group("fill");
    return padded(
        text,
        whole(spec.group("width"), 0),
        !align.isEmpty() ? align : isText ? "<" : zero ? "=" : ">",
        fill != null ? fill : zero ? "0" : " ");
  }

  private String number(Object value, String type, int precision, String sign, boolean commas) {
    values.defined(value);
    if (!Numbers.isNumber(value)) {
      throw meter.fault("a format's '" + type + "' needs a number, not " + Values.told(value));
    }
    if (precision > MAX_DIGITS) {
      throw meter.fault("a format asks for more than " + MAX_DIGITS + " digits");
    }
    int digits = precision < 0 ? DIGITS : precision;
    String text =
        switch (type) {
          case "d", "i", "u" -> whole(value).toString();
          case "x" -> whole(value).toString(16);
          case "X" -> whole(value).toString(16).toUpperCase(Locale.ROOT);
          case "o" -> whole(value).toString(8);
          case "b" -> whole(value).toString(2);
          case "f", "F" -> real(value, digits);
          case "e" -> String.format(Locale.ROOT, "%." + digits + "e", Numbers.real(value));
          case "%" -> real(100 * Numbers.real(value), digits) + "%";
          case "" -> values.text(value);
          default -> throw meter.fault("a format's '" + type + "' is not known here");
        };
    String signed = sign.isEmpty() || sign.equals("-") || text.startsWith("-") ? text : sign + text;
    return commas
        ? signed.replaceAll("(?<=\\d)(?<!\\.\\d{1,999})(?=(\\d{3})+(?!\\d))", ",")
        : signed;
  }

  private static BigInteger whole(Object value) {
    return value instanceof Double d
        ? new BigDecimal(Double.isFinite(d) ? d : 0).toBigInteger()
        : Numbers.whole(value);
  }

  private static String real(Object value, int digits) {
    double real = Numbers.real(value);
    return Double.isFinite(real)
        ? new BigDecimal(real).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
        : Numbers.written(real);
  }

  private static int whole(String digits, int otherwise) {
    return digits == null || digits.isEmpty() ? otherwise : Integer.parseInt(digits);
  }

  private static String cut(String text, int digits) {
    int length = Texts.length(text);
    return digits < 0 || digits >= length
        ? text
        : text.substring(0, text.offsetByCodePoints(0, digits));
  }

  /**
   * @param align {@code =}: a sign stays before what fills
   */
  String padded(String text, long width, String align, String fill) {
    int missing = (int) Math.max(0, width - Texts.length(text));
    meter.made(text.length() + (long) missing);
    int left =
        switch (align) {
          case "<" -> 0;
          case "^" -> missing / 2;
          case CENTER -> missing / 2 + (missing & (int) width & 1);
          default -> missing;
        };
    int sign = align.equals("=") && !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
    return text.substring(0, sign)
        + fill.repeat(left)
        + text.substring(sign)
        + fill.repeat(missing - left);
  }
}
