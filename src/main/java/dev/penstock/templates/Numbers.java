package dev.penstock.templates;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Python's numbers: whole ones of any length, within reason, and doubles. */
final class Numbers {
  static final int MAX_DIGITS = 4_000;
  private static final int MAX_BITS = 4 * MAX_DIGITS;
  private static final BigInteger TOO_LONG = BigInteger.valueOf(MAX_BITS);

  /** From here on a double is written with an exponent. */
  private static final int MAX_PLAIN_EXPONENT = 16;

  private static final int MIN_PLAIN_EXPONENT = -4;

  private final Meter meter;

  Numbers(Meter meter) {
    this.meter = meter;
  }

  static boolean isNumber(Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  static boolean isWhole(Object value) {
    return isNumber(value) && !(value instanceof Double);
  }

  /** In the form that a whole number has here: a Long where it is not too long for one. */
  static Object plain(BigInteger whole) {
    return whole.bitLength() < Long.SIZE ? (Object) whole.longValue() : whole;
  }

  static BigInteger whole(Object value) {
    return switch (value) {
      case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
      case BigInteger big -> big;
      default -> BigInteger.valueOf(((Number) value).longValue());
    };
  }

  static double real(Object value) {
    return value instanceof Double d ? d : whole(value).doubleValue();
  }

  static int compare(Object left, Object right) {
    return left instanceof Double || right instanceof Double
        ? Double.compare(real(left) + 0.0, real(right) + 0.0)
        : whole(left).compareTo(whole(right));
  }

  /** An operator between two numbers. */
  Object worked(String operator, Object left, Object right) {
    if (operator.equals("/") || left instanceof Double || right instanceof Double) {
      return worked(operator, real(left), real(right));
    }
    BigInteger a = whole(left);
    BigInteger b = whole(right);
    if (operator.equals("**") && b.signum() < 0) {
      return Math.pow(real(left), real(right));
    }
    return switch (operator) {
      case "+" -> bounded(a.add(b));
      case "-" -> bounded(a.subtract(b));
      case "*" -> bounded(a.multiply(b));
      case "**" -> bounded(power(a, b));
      case "//" -> plain(floor(a, notZero(b)));
      default -> plain(a.subtract(floor(a, notZero(b)).multiply(b)));
    };
  }

  private static BigInteger floor(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    boolean down = parts[1].signum() != 0 && parts[1].signum() != b.signum();
    return down ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private BigInteger power(BigInteger a, BigInteger b) {
    BigInteger size = a.abs();
    if (b.signum() == 0 || size.compareTo(BigInteger.ONE) <= 0) {
      boolean even = !b.testBit(0);
      return b.signum() == 0 || (even && a.signum() != 0) ? BigInteger.ONE : a;
    }
    if (b.multiply(BigInteger.valueOf(size.bitLength())).compareTo(TOO_LONG) > 0) {
      throw meter.fault("a number is too long");
    }
    return a.pow(b.intValueExact());
  }

  private Object bounded(BigInteger whole) {
    if (whole.bitLength() > MAX_BITS) {
      throw meter.fault("a number is too long");
    }
    meter.looked(whole.bitLength());
    return plain(whole);
  }

  private double worked(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / notZero(b);
      case "**" -> Math.pow(a, b);
      case "//" -> Math.floor(a / notZero(b));
      default -> {
        double rest = a % notZero(b);
        yield rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
      }
    };
  }

  private BigInteger notZero(BigInteger b) {
    if (b.signum() == 0) {
      throw meter.fault("division by zero");
    }
    return b;
  }

  private double notZero(double b) {
    if (b == 0) {
      throw meter.fault("division by zero");
    }
    return b;
  }

  static Object negated(Object value) {
    return value instanceof Double d ? (Object) (-d) : plain(whole(value).negate());
  }

  /** As Python writes it: the fewest digits that give the same double again. */
  static String written(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = exact.precision() - exact.scale() - 1;
    if (exponent >= MIN_PLAIN_EXPONENT && exponent < MAX_PLAIN_EXPONENT) {
      String plain = exact.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = exact.unscaledValue().abs().toString();
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }
}
