package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** Arithmetic as Python does it: every row is what Python's Jinja makes of it. */
final class NumbersTest {
  @Test
  void operatorsHaveTheirRanks() {
    renders("{{ 1 + 2 * 3 }}", "7");
    renders("{{ (1 + 2) * 3 }}", "9");
    renders("{{ 7 / 2 }}", "3.5");
    renders("{{ 4 / 2 }}", "2.0");
    renders("{{ 7 // 2 }}", "3");
    renders("{{ -7 // 2 }}", "-4");
    renders("{{ -7 % 3 }}", "2");
    renders("{{ 7 % -3 }}", "-2");
    renders("{{ 7.5 // 2 }}", "3.0");
    renders("{{ -7.5 % 2 }}", "0.5");
    renders("{{ 2 ** 10 }}", "1024");
    renders("{{ 2 ** -1 }}", "0.5");
    renders("{{ 2 ** 0.5 }}", "1.4142135623730951");
    renders("{{ 2 ** 3 ** 2 }}", "64");
    renders("{{ -2 ** 2 }}", "4");
    renders("{{ - 3 }}", "-3");
    renders("{{ +3 }}", "3");
    renders("{{ --3 }}", "3");
    renders("{{ 2 - -2 }}", "4");
  }

  @Test
  void truthIsOneOrZero() {
    renders("{{ 1 + true }}", "2");
    renders("{{ true + true }}", "2");
  }

  @Test
  void wholeNumbersHaveNoEnd() {
    renders("{{ 9223372036854775807 + 1 }}", "9223372036854775808");
    renders("{{ -9223372036854775808 - 1 }}", "-9223372036854775809");
    renders("{{ 99999999999 * 99999999999 }}", "9999999999800000000001");
  }

  @Test
  void floatsPrintTheirFewestDigits() {
    renders("{{ 0.1 + 0.2 }}", "0.30000000000000004");
    renders("{{ 1.0 * 3 }}", "3.0");
    renders("{{ 10 / 4 * 2 }}", "5.0");
  }

  @Test
  void comparisonsChain() {
    renders("{{ 1 < 2 < 3 }}", "True");
    renders("{{ 1 < 3 < 2 }}", "False");
    renders("{{ 3 > 2 >= 2 }}", "True");
    renders("{{ \"a\" < \"b\" }}", "True");
    renders("{{ [1,2] < [1,3] }}", "True");
    renders("{{ \"B\" < \"a\" }}", "True");
  }

  @Test
  void listsAndTextsAreAddedAndRepeated() {
    renders("{{ [1] + [2] }}", "[1, 2]");
    renders("{{ (1,) + (2,) }}", "(1, 2)");
    renders("{{ \"ab\" * 3 }}", "ababab");
    renders("{{ 2 * \"x\" }}", "xx");
    renders("{{ [0] * 3 }}", "[0, 0, 0]");
    renders("{{ \"a\" * -1 }}|", "|");
  }

  @Test
  void numbersAreMadeOfWhatIsGiven() {
    renders("{{ 10**20 }}", "100000000000000000000");
    renders("{{ 3.7|int }}", "3");
    renders("{{ \"42\"|int }}", "42");
    renders("{{ \"4.9\"|int }}", "4");
    renders("{{ \"x\"|int }}", "0");
    renders("{{ \"x\"|int(7) }}", "7");
    renders("{{ none|int }}", "0");
    renders("{{ true|int }}", "1");
    renders("{{ \" 5 \"|int }}", "5");
    renders("{{ \"1_0\"|int }}", "10");
  }

  @Test
  void roundingGoesToTheEvenNeighbour() {
    renders("{{ \"1.5\"|float }}", "1.5");
    renders("{{ 3|float }}", "3.0");
    renders("{{ \"x\"|float }}", "0.0");
    renders("{{ \"x\"|float(2.5) }}", "2.5");
    renders("{{ \"1e3\"|float }}", "1000.0");
    renders("{{ 2.5|round }}", "2.0");
    renders("{{ 3.5|round }}", "4.0");
    renders("{{ 2.567|round(2) }}", "2.57");
    renders("{{ 2.1|round(0, \"ceil\") }}", "3.0");
    renders("{{ 2.9|round(method=\"floor\") }}", "2.0");
    renders("{{ 3|round }}", "3");
    renders("{{ 1234.5|round(-2) }}", "1200.0");
  }

  @Test
  void listsAreSummedUp() {
    renders("{{ -3|abs }}", "3");
    renders("{{ (-3)|abs }}", "3");
    renders("{{ -2.5|abs }}", "2.5");
    renders("{{ [1,2,3]|sum }}", "6");
    renders("{{ [1.5,2]|sum }}", "3.5");
    renders("{{ []|sum }}", "0");
  }

  @Test
  void powersOfSmallNumbers() {
    renders("{{ [3,1,2]|min }}", "1");
    renders("{{ [3,1,2]|max }}", "3");
    renders("{{ [\"b\",\"A\"]|min }}", "A");
    renders("{{ []|max }}|", "|");
    renders("{{ 0 ** 0 }}", "1");
    renders("{{ (-1) ** 3 }}", "-1");
    renders("{{ 1 ** 100000 }}", "1");
    renders("{{ 0 ** 5 }}", "0");
    renders("{{ (-1) ** 4 }}", "1");
    renders("{{ 5 | string + \"a\" }}", "5a");
    renders("{{ 1.0 | string }}", "1.0");
    renders("{{ 1 if 1.0 == 1 }}", "1");
    renders("{{ 3 // 2.0 }}", "1.0");
    renders("{{ 3 % 2.5 }}", "0.5");
    renders("{{ 1e400 }}", "inf");
    renders("{{ 4.0 }}", "4.0");
    renders("{{ 100000000000000000000000.0 }}", "1e+23");
    renders("{{ 1.7976931348623157e308 }}", "1.7976931348623157e+308");
  }
}
