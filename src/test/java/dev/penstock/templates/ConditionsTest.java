package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** What may stand after is, and comparisons: every row is what Python's Jinja makes of it. */
final class ConditionsTest {
  @Test
  void existenceIsTested() {
    renders("{{ 1 is defined }}", "True");
    renders("{{ missing is defined }}", "False");
    renders("{{ missing is not defined }}", "True");
    renders("{{ missing is undefined }}", "True");
    renders("{{ none is none }}", "True");
    renders("{{ 0 is none }}", "False");
    renders("{{ none is not none }}", "False");
  }

  @Test
  void typesAreTested() {
    renders("{{ 'a' is string }}", "True");
    renders("{{ 1 is string }}", "False");
    renders("{{ [] is string }}", "False");
    renders("{{ 1 is number }}", "True");
    renders("{{ 1.5 is number }}", "True");
    renders("{{ true is number }}", "True");
    renders("{{ '1' is number }}", "False");
    renders("{{ 1 is integer }}", "True");
    renders("{{ true is integer }}", "False");
    renders("{{ 1.0 is integer }}", "False");
    renders("{{ 1.0 is float }}", "True");
    renders("{{ [] is iterable }}", "True");
    renders("{{ 'a' is iterable }}", "True");
    renders("{{ {} is iterable }}", "True");
    renders("{{ 1 is iterable }}", "False");
    renders("{{ none is iterable }}", "False");
    renders("{{ missing is iterable }}", "True");
    renders("{{ {}.items() is iterable }}", "True");
    renders("{{ [] is sequence }}", "True");
    renders("{{ 'a' is sequence }}", "True");
    renders("{{ {} is sequence }}", "True");
    renders("{{ 1 is sequence }}", "False");
    renders("{{ {}.items() is sequence }}", "False");
    renders("{{ (1,) is sequence }}", "True");
    renders("{{ {} is mapping }}", "True");
    renders("{{ [] is mapping }}", "False");
    renders("{{ missing is mapping }}", "False");
    renders("{{ true is boolean }}", "True");
    renders("{{ 1 is boolean }}", "False");
    renders("{{ true is true }}", "True");
    renders("{{ 1 is true }}", "False");
    renders("{{ false is false }}", "True");
    renders("{{ 0 is false }}", "False");
  }

  @Test
  void numbersAreTested() {
    renders("{{ 3 is odd }}", "True");
    renders("{{ 4 is even }}", "True");
    renders("{{ 9 is divisibleby 3 }}", "True");
    renders("{{ 9 is divisibleby(2) }}", "False");
    renders("{{ 'a' is lower }}", "True");
    renders("{{ 'A' is upper }}", "True");
    renders("{{ 'aB' is lower }}", "False");
  }

  @Test
  void comparisonsAreTests() {
    renders("{{ 1 is eq 1 }}", "True");
    renders("{{ 1 is equalto 2 }}", "False");
    renders("{{ 1 is ne 2 }}", "True");
    renders("{{ 2 is gt 1 }}", "True");
    renders("{{ 2 is lessthan 1 }}", "False");
    renders("{{ 1 is le 1 }}", "True");
    renders("{{ 1 is ge(2) }}", "False");
    renders("{{ 1 is in [1,2] }}", "True");
    renders("{{ 1 is not in [1] }}", "False");
    renders("{{ 'a' is in 'abc' }}", "True");
    renders("{{ 1 is sameas 1 }}", "True");
    renders("{{ true is sameas true }}", "True");
    renders("{{ 1 is sameas true }}", "False");
    renders("{{ none is sameas none }}", "True");
  }

  @Test
  void callablesAreTested() {
    renders("{{ range is callable }}", "True");
    renders("{{ 1 is callable }}", "False");
    renders("{{ 'a'.upper is callable }}", "True");
  }

  @Test
  void testsBindTighterThanNot() {
    renders("{{ not 1 is defined }}", "False");
    renders("{{ not (1 is string) }}", "True");
    renders("{{ 1 is defined and 2 is string or true }}", "True");
    renders("{{ 'x' if missing is defined else 'y' }}", "y");
    renders("{{ missing is defined and missing.x }}", "False");
  }

  @Test
  void membershipIsTested() {
    renders("{{ 2 in [1,2] and 3 not in [1,2] }}", "True");
    renders("{{ not 1 in [1] }}", "False");
    renders("{{ 1 == 1 and 2 != 1 }}", "True");
    renders("{{ not 1 == 2 }}", "True");
    renders("{{ 1 + 1 == 2 }}", "True");
    renders("{{ 'a' ~ 'b' == 'ab' }}", "True");
  }

  @Test
  void testsFollowFilters() {
    renders("{{ -1 is number }}", "True");
    renders("{{ (1 if true else 2) is number }}", "True");
    renders("{{ [1]|first is number }}", "True");
    renders("{{ 1|string is string }}", "True");
    renders("{{ {'a': none}.a is none }}", "True");
    renders("{{ {'a': none}.a is defined }}", "True");
    renders("{{ {}.a is none }}", "False");
    renders("{{ 'a' == 'a' if true else 1 }}", "True");
    renders("{{ 'ab' is string and 'ab'|length > 1 }}", "True");
    renders("{{ [] == [] }}", "True");
    renders("{{ [1,2] is eq [1,2] }}", "True");
    renders("{{ 'x' in ['x', 1] }}", "True");
    renders("{{ none in [none] }}", "True");
    renders("{{ '' in 'a' }}", "True");
    renders("{{ 1 != '1' }}", "True");
    renders("{{ [1] != [1.0] }}", "False");
    renders("{{ 'é' > 'z' }}", "True");
    renders("{{ 'a' >= 'a' }}", "True");
    renders("{{ true > false }}", "True");
    renders("{{ (1, 2) <= (1, 3) }}", "True");
  }
}
