package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/**
 * Values as Python has them: how they print, what is in them, what is false: every row is what
 * Python's Jinja makes of it.
 */
final class ValuesTest {
  @Test
  void scalarsPrintAsInPython() {
    renders("{{ none }}", "None");
    renders("{{ None }}", "None");
    renders("{{ true }}", "True");
    renders("{{ True }}", "True");
    renders("{{ false }}", "False");
    renders("{{ 1 }}", "1");
    renders("{{ 1.0 }}", "1.0");
    renders("{{ 1.50 }}", "1.5");
    renders("{{ 1e3 }}", "1000.0");
    renders("{{ 1e16 }}", "1e+16");
    renders("{{ 1e-5 }}", "1e-05");
    renders("{{ 0.0001 }}", "0.0001");
    renders("{{ 123456789012345680.0 }}", "1.2345678901234568e+17");
    renders("{{ 1_000 }}", "1000");
    renders("{{ 0x1F }}", "31");
    renders("{{ 0b101 }}", "5");
    renders("{{ 0o17 }}", "15");
  }

  @Test
  void listsAndDictsPrintAsInPython() {
    renders("{{ [1, \"a\", none, true, 1.5] }}", "[1, 'a', None, True, 1.5]");
    renders("{{ {'a': 1, 'b': [1, {'c': none}]} }}", "{'a': 1, 'b': [1, {'c': None}]}");
    renders("{{ (1,) }}", "(1,)");
    renders("{{ (1, 2) }}", "(1, 2)");
    renders("{{ () }}", "()");
    renders("{{ ['it\\'s', '\"', '\\'\"'] }}", "[\"it's\", '\"', '\\'\"']");
    renders("{{ [\"a\\nb\\t\\\\\"] }}", "['a\\nb\\t\\\\']");
  }

  @Test
  void whatIsNotThereIsEmpty() {
    renders("{{ [\"\\x00\\x7f\\u200b\\u00e9😀\"] }}", "['\\x00\\x7f\\u200bé😀']");
    renders("{{ missing }}|", "|");
    renders("{{ [missing] }}", "[Undefined]");
    renders("{{ x.y }}|{{ x[\"y\"] }}|{{ x.y is defined }}", "{\"x\": {}}", "||False");
    renders("{{ x[0] }}{{ x[5] }}|{{ x[-1] }}{{ x[-5] }}|", "{\"x\": [1, 2]}", "1|2|");
    renders("{{ none.a }}|", "|");
    renders("{{ 5 .a }}", "");
    renders("{{ \"abc\"[0] }}{{ \"abc\"[-1] }}{{ \"abc\"[9] }}|", "ac|");
  }

  @Test
  void textsAreMadeOfCodePoints() {
    renders("{{ \"a😀c\"[1] }}{{ \"a😀c\"|length }}", "😀3");
  }

  @Test
  void slicesAreAsInPython() {
    renders("{{ \"abcdef\"[1:3] }}", "bc");
    renders("{{ \"abcdef\"[::-1] }}", "fedcba");
    renders("{{ \"abcdef\"[-2:] }}", "ef");
    renders("{{ \"abcdef\"[:-2] }}", "abcd");
    renders("{{ \"abcdef\"[::2] }}", "ace");
    renders("{{ \"abcdef\"[5:1:-2] }}", "fd");
    renders("{{ \"abc\"[5:] }}|", "|");
    renders("{{ [1,2,3][1:] }}", "[2, 3]");
    renders("{{ (1,2,3)[:2] }}", "(1, 2)");
    renders("{{ [1,2,3][::-1] }}", "[3, 2, 1]");
    renders("{{ none[1:] }}", "");
    renders("{{ {}[1:] }}", "");
  }

  @Test
  void emptinessIsFalse() {
    renders(
        "{{ 'yes' if [] else 'no' }}{{ 'yes' if {} else 'no' }}{{ 'yes' if '' else 'no' }}{{ 'yes' if 0 else 'no' }}{{ 'yes' if 0.0 else 'no' }}{{ 'yes' if () else 'no' }}{{ 'yes' if none else 'no' }}{{ 'yes' if missing else 'no' }}",
        "nononononononono");
    renders(
        "{{ 'yes' if [0] else 'no' }}{{ 'yes' if ' ' else 'no' }}{{ 'yes' if -1 else 'no' }}",
        "yesyesyes");
  }

  @Test
  void aChoiceWithoutElseIsUndefined() {
    renders("{{ 'a' if false }}|", "|");
    renders("{{ ('a' if false) is defined }}", "False");
  }

  @Test
  void andAndOrGiveOneOfTheirSides() {
    renders("{{ 1 or 2 }}", "1");
    renders("{{ 0 or 'x' }}", "x");
    renders("{{ 1 and 2 }}", "2");
    renders("{{ '' and 2 }}|{{ not 1 }}", "|False");
    renders("{{ not not 1 }}", "True");
  }

  @Test
  void textsAreJoined() {
    renders("{{ 'a' 'b' }}", "ab");
    renders("{{ 'a' ~ 1 ~ none ~ true ~ missing ~ 1.0 }}", "a1NoneTrue1.0");
  }

  @Test
  void methodsComeBeforeKeysWithADot() {
    renders("{{ {'a': 1}.a }}", "1");
    renders("{{ {'a': 1}['a'] }}", "1");
    renders("{{ {'items': 1}.items is callable }}", "True");
    renders("{{ {'items': 1}['items'] }}", "1");
    renders("{{ x.get(\"a\") }}", "{\"x\": {\"a\": 1}}", "1");
    renders("{{ x.get(\"b\") }}", "{\"x\": {\"a\": 1}}", "None");
    renders("{{ x.get(\"b\", 5) }}", "{\"x\": {\"a\": 1}}", "5");
  }

  @Test
  void dictsKeepTheirOrder() {
    renders("{{ {1: 'a', 'b': 2}[1] }}", "a");
    renders("{{ {none: 1} }}", "{None: 1}");
    renders("{{ {'a': 1, 'a': 2} }}", "{'a': 2}");
    renders("{{ {'a': 1}.items() }}", "dict_items([('a', 1)])");
    renders("{{ {'a': 1}.keys() }}", "dict_keys(['a'])");
    renders("{{ {'a': 1}.values() }}", "dict_values([1])");
    renders("{{ {'a': 1}.items()|list }}", "[('a', 1)]");
    renders("{{ {'a':1}.items()[0] }}|", "|");
  }

  @Test
  void escapesInTextsAreRead() {
    renders("{{ '\\u00e9\\x41\\n|\\'' }}", "éA\n|'");
    renders("{{ 'a\\qb' }}", "a\\qb");
    renders("{{ 'a.b' }}{{ \"it's\" }}", "a.bit's");
    renders("{{ a.0 }}", "{\"a\": [1, [2]]}", "1");
    renders("{{ a.1.0 }}", "{\"a\": [1, [2]]}", "2");
  }

  @Test
  void equalityIsAsInPython() {
    renders("{{ [[1]] == [[1]] }}", "True");
    renders("{{ [1] == (1,) }}", "False");
    renders("{{ 1 == 1.0 }}", "True");
    renders("{{ 1 == true }}", "True");
    renders("{{ 'a' == 'a' }}", "True");
    renders("{{ none == none }}", "True");
    renders("{{ missing == none }}", "False");
    renders("{{ missing == other }}", "True");
    renders("{{ {'a':1} == {'a':1.0} }}", "True");
    renders("{{ '1' == 1 }}", "False");
  }

  @Test
  void numbersOfAnyLengthStayAsTheyAre() {
    renders("{{ 12345678901234567890 }}", "12345678901234567890");
    renders("{{ x }}", "{\"x\": 98765432109876543210}", "98765432109876543210");
    renders("{{ x }}", "{\"x\": 0.1}", "0.1");
    renders("{{ [x] }}", "{\"x\": 0.1}", "[0.1]");
    renders("{{ x }}", "{\"x\": 1e+22}", "1e+22");
    renders("{{ x }}", "{\"x\": -0.0}", "-0.0");
    renders(
        "{{ x }}", "{\"x\": {\"k\": [\"v\", 1.5, null, true]}}", "{'k': ['v', 1.5, None, True]}");
    renders("{{ 'abc'.b }}|", "|");
    renders("{{ [].append }}|", "|");
  }

  @Test
  void whatWouldChangeAListIsUndefined() {
    renders("{{ {}.pop }}|", "|");
    renders("{{ range(3) | list }}", "[0, 1, 2]");
    renders("{{ range(1, 10, 3) | list }}", "[1, 4, 7]");
    renders("{{ range(3, 0, -1) | list }}", "[3, 2, 1]");
    renders("{{ range(0) | list }}", "[]");
  }

  @Test
  void rangesAndDictsAreMade() {
    renders("{{ range(5)[2] }}", "2");
    renders("{{ dict(a=1, b=2) }}", "{'a': 1, 'b': 2}");
    renders("{{ dict([('x', 1)]) }}", "{'x': 1}");
    renders("{{ namespace(a=1).a }}|{{ namespace().b }}|", "1||");
    renders("{{ 1 if 2 if 0 else 3 }}", "3");
    renders("{{ 1, 2 }}", "(1, 2)");
  }

  @Test
  void choicesAndTuplesNest() {
    renders("{{ (1, 2)|length }}", "2");
    renders("{{ [1,2,] }}", "[1, 2]");
    renders("{{ {'a':1,} }}", "{'a': 1}");
    renders("{{ 'a' in 'abc' }}", "True");
    renders("{{ 'x' not in 'abc' }}", "True");
    renders("{{ 1 in [1.0] }}", "True");
    renders("{{ 'a' in {'a': 1} }}", "True");
    renders("{{ 1 in missing }}", "False");
    renders("{{ missing ~ 'a' }}", "a");
  }
}
