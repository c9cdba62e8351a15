package dev.penstock.engine.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers within bounds, as a grammar's text: digit by digit. All of the whole ones are held, and
 * of the others those with few digits and no exponent.
 */
final class NumberRules {
  private static final int MOST_DIGITS = 18;
  private static final String FRACTION = "(\".\" [0-9]{1,15})?";

  private NumberRules() {}

  /**
   * The bounds of a number.
   *
   * @param least null: there is none
   */
  record Bounds(
      @Nullable BigDecimal least, boolean leastOut, @Nullable BigDecimal most, boolean mostOut) {
    boolean none() {
      return least == null && most == null;
    }

    /** Whether numbers of so many digits are to be compared that a grammar would be too large. */
    boolean tooLong() {
      return isLong(least) || isLong(most);
    }

    private static boolean isLong(@Nullable BigDecimal bound) {
      return bound != null
          && bound.signum() != 0
          && (bound.stripTrailingZeros().scale() > MOST_DIGITS
              || bound.precision() - bound.scale() > MOST_DIGITS);
    }

    private Bounds negated() {
      return new Bounds(
          most == null ? null : most.negate(),
          /* leastOut= */ mostOut,
          least == null ? null : least.negate(),
          /* mostOut= */ leastOut);
    }
  }

  /** Whole numbers; null: there is none within. */
  static @Nullable String whole(Bounds bounds) {
    BigInteger least = null;
    BigInteger most = null;
    if (bounds.least() != null) {
      BigDecimal up = bounds.least().setScale(0, RoundingMode.CEILING);
      boolean next = bounds.leastOut() && up.compareTo(bounds.least()) == 0;
      least = up.toBigInteger().add(next ? BigInteger.ONE : BigInteger.ZERO);
    }
    if (bounds.most() != null) {
      BigDecimal down = bounds.most().setScale(0, RoundingMode.FLOOR);
      boolean next = bounds.mostOut() && down.compareTo(bounds.most()) == 0;
      most = down.toBigInteger().subtract(next ? BigInteger.ONE : BigInteger.ZERO);
    }
    List<String> branches = new ArrayList<>();
    if (least == null || least.signum() < 0) {
      BigInteger from = most == null ? BigInteger.ONE : most.negate().max(BigInteger.ONE);
      signed(branches, from, least == null ? null : least.negate());
    }
    if (most == null || most.signum() >= 0) {
      natural(branches, least == null ? BigInteger.ZERO : least.max(BigInteger.ZERO), most);
    }
    return branches.isEmpty() ? null : "(" + String.join(" | ", branches) + ")";
  }

  private static void signed(List<String> into, BigInteger from, @Nullable BigInteger to) {
    List<String> magnitudes = new ArrayList<>();
    natural(magnitudes, from, to);
    if (!magnitudes.isEmpty()) {
      into.add("\"-\" (" + String.join(" | ", magnitudes) + ")");
    }
  }

  /** Whole numbers that have no sign; without an end: none much longer than the first. */
  private static void natural(List<String> into, BigInteger from, @Nullable BigInteger to) {
    String first = from.toString();
    int length = first.length();
    if (to == null) {
      into.add(same(first, "9".repeat(length)));
      into.add("[1-9] [0-9]{%d,%d}".formatted(length, Math.max(MOST_DIGITS - 1, length + 2)));
      return;
    }
    String last = to.toString();
    for (int digits = length; digits <= last.length(); digits++) {
      String low = digits == length ? first : "1" + "0".repeat(digits - 1);
      String high = digits == last.length() ? last : "9".repeat(digits);
      if (low.compareTo(high) <= 0) {
        into.add(same(low, high));
      }
    }
  }

  /** The digits from one to another, which are as many. */
  private static String same(String low, String high) {
    int n = low.length();
    if (n == 0 || low.equals(high)) {
      return "\"" + low + "\"";
    }
    int shared = 0;
    while (low.charAt(shared) == high.charAt(shared)) {
      shared++;
    }
    String start = shared == 0 ? "" : "\"" + low.substring(0, shared) + "\" ";
    return start + differing(low.substring(shared), high.substring(shared));
  }

  private static String differing(String low, String high) {
    int rest = low.length() - 1;
    char from = low.charAt(0);
    char to = high.charAt(0);
    if (rest == 0) {
      return "[%c-%c]".formatted(from, to);
    }
    List<String> branches = new ArrayList<>();
    boolean fromAll = low.substring(1).equals("0".repeat(rest));
    boolean toAll = high.substring(1).equals("9".repeat(rest));
    if (!fromAll) {
      branches.add("\"%c\" %s".formatted(from, same(low.substring(1), "9".repeat(rest))));
    }
    char firstFree = (char) (fromAll ? from : from + 1);
    char lastFree = (char) (toAll ? to : to - 1);
    if (firstFree <= lastFree) {
      branches.add("[%c-%c] [0-9]{%d}".formatted(firstFree, lastFree, rest));
    }
    if (!toAll) {
      branches.add("\"%c\" %s".formatted(to, same("0".repeat(rest), high.substring(1))));
    }
    return "(" + String.join(" | ", branches) + ")";
  }

  /** Numbers with and without a fraction; null: there is none within. */
  static @Nullable String decimal(Bounds bounds) {
    List<String> branches = new ArrayList<>();
    if (bounds.least() == null || bounds.least().signum() < 0) {
      List<String> magnitudes = positive(bounds.negated());
      if (!magnitudes.isEmpty()) {
        branches.add("\"-\" (" + String.join(" | ", magnitudes) + ")");
      }
    }
    if (bounds.most() == null || bounds.most().signum() >= 0) {
      branches.addAll(positive(bounds));
    }
    return branches.isEmpty() ? null : "(" + String.join(" | ", branches) + ")";
  }

  /** Those of them that have no sign. */
  private static List<String> positive(Bounds bounds) {
    boolean below = bounds.least() == null || bounds.least().signum() < 0;
    BigDecimal least = below || bounds.least() == null ? BigDecimal.ZERO : bounds.least();
    boolean leastOut = !below && bounds.leastOut();
    BigDecimal most = bounds.most();
    List<String> branches = new ArrayList<>();
    BigInteger first = least.toBigInteger();
    if (most == null) {
      branches.add(literal(first) + " " + above(fraction(least), leastOut));
      natural(branches, first.add(BigInteger.ONE), null);
      branches.replaceAll(each -> each.equals(branches.getFirst()) ? each : each + " " + FRACTION);
      return branches;
    }
    BigInteger last = most.toBigInteger();
    int order = first.compareTo(last);
    if (order > 0) {
      return branches;
    }
    if (order == 0) {
      between(branches, least, leastOut, most, bounds.mostOut());
      return branches;
    }
    branches.add(literal(first) + " " + above(fraction(least), leastOut));
    List<String> wholes = new ArrayList<>();
    if (first.add(BigInteger.ONE).compareTo(last) < 0) {
      natural(wholes, first.add(BigInteger.ONE), last.subtract(BigInteger.ONE));
      wholes.forEach(each -> branches.add(each + " " + FRACTION));
    }
    String end = under(fraction(most), bounds.mostOut());
    if (end != null) {
      branches.add(literal(last) + " " + end);
    }
    return branches;
  }

  private static String literal(BigInteger number) {
    return "\"" + number + "\"";
  }

  /** The digits after the point, none of them a zero at the end. */
  private static String fraction(BigDecimal number) {
    BigDecimal part = number.remainder(BigDecimal.ONE).stripTrailingZeros();
    return part.signum() == 0 ? "" : part.toPlainString().substring(2);
  }

  /** What may follow a whole number so that it has at least that fraction. */
  private static String above(String digits, boolean out) {
    if (digits.isEmpty()) {
      return out ? "\".\" \"0\"{0,14} [1-9] [0-9]{0,14}" : FRACTION;
    }
    return "\".\" " + aboveFrom(digits, out);
  }

  private static String aboveFrom(String digits, boolean out) {
    if (digits.isEmpty()) {
      return out ? "\"0\"{0,14} [1-9] [0-9]{0,14}" : "[0-9]{0,15}";
    }
    char d = digits.charAt(0);
    String same = "\"%c\" %s".formatted(d, aboveFrom(digits.substring(1), out));
    return d == '9' ? same : "(%s | [%c-9] [0-9]{0,15})".formatted(same, d + 1);
  }

  /** What may follow a whole number so that it has at most that fraction; null: nothing, even. */
  private static @Nullable String under(String digits, boolean out) {
    if (digits.isEmpty()) {
      return out ? null : "(\".\" \"0\"{1,15})?";
    }
    return "(\".\" " + underFrom(digits, out) + ")?";
  }

  private static String underFrom(String digits, boolean out) {
    char d = digits.charAt(0);
    List<String> branches = new ArrayList<>();
    if (d > '0') {
      branches.add("[0-%c] [0-9]{0,15}".formatted(d - 1));
    }
    if (digits.length() > 1) {
      branches.add("\"%c\" (%s)?".formatted(d, underFrom(digits.substring(1), out)));
    } else if (!out) {
      branches.add("\"%c\" \"0\"{0,15}".formatted(d));
    }
    return "(" + String.join(" | ", branches) + ")";
  }

  /** Numbers with the same whole part. */
  private static void between(
      List<String> into, BigDecimal least, boolean leastOut, BigDecimal most, boolean mostOut) {
    int places = Math.max(0, Math.max(least.scale(), most.scale())) + 4;
    for (int scale = 0; scale <= places; scale++) {
      BigInteger low = scaled(least, scale, RoundingMode.CEILING, leastOut ? 1 : 0);
      BigInteger high = scaled(most, scale, RoundingMode.FLOOR, mostOut ? -1 : 0);
      if (low.compareTo(high) <= 0) {
        BigInteger one = BigInteger.TEN.pow(scale);
        String digits = same(padded(low.mod(one), scale), padded(high.mod(one), scale));
        into.add(literal(low.divide(one)) + (scale == 0 ? "" : " \".\" " + digits));
      }
    }
  }

  private static BigInteger scaled(BigDecimal number, int scale, RoundingMode how, int beyond) {
    BigDecimal rounded = number.setScale(scale, how);
    boolean exact = rounded.compareTo(number) == 0;
    return rounded.unscaledValue().add(BigInteger.valueOf(exact ? beyond : 0));
  }

  private static String padded(BigInteger number, int digits) {
    String text = digits == 0 ? "" : number.toString();
    return "0".repeat(digits - text.length()) + text;
  }
}
