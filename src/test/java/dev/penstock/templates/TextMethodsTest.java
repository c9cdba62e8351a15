package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** The methods of texts and lists: every row is what Python's Jinja makes of it. */
final class TextMethodsTest {
  @Test
  void textsAreStripped() {
    renders(
        "{{ ' a '.strip() }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcba'.strip('ab') }}|{{ '\\n a\\t'.strip() }}|{{ '\\u00a0a\\u3000'.strip() }}|",
        "a|a | a|a|c|a|a|");
  }

  @Test
  void textsAreSplit() {
    renders("{{ 'a,b,c'.split(',') }}", "['a', 'b', 'c']");
    renders("{{ ' a  b '.split() }}", "['a', 'b']");
    renders("{{ 'a,b,c'.split(',', 1) }}", "['a', 'b,c']");
    renders("{{ 'a b c'.split(none, 1) }}", "['a', 'b c']");
    renders("{{ ''.split() }}", "[]");
    renders("{{ ''.split(',') }}", "['']");
    renders("{{ 'a,b,c'.split(',')[-1] }}", "c");
    renders("{{ 'a</think>b'.split('</think>')[-1] }}", "b");
    renders("{{ 'a,b,c'.rsplit(',', 1) }}", "['a,b', 'c']");
    renders("{{ 'a,b'.rsplit(',') }}", "['a', 'b']");
    renders("{{ 'a  b c'.rsplit(none, 1) }}", "['a  b', 'c']");
    renders("{{ 'a\\nb\\r\\nc\\n'.splitlines() }}", "['a', 'b', 'c']");
    renders("{{ 'a\\nb\\n'.splitlines(true) }}", "['a\\n', 'b\\n']");
    renders("{{ ''.splitlines() }}", "[]");
    renders("{{ 'a-b-c'.partition('-') }}", "('a', '-', 'b-c')");
    renders("{{ 'a-b-c'.rpartition('-') }}", "('a-b', '-', 'c')");
    renders("{{ 'abc'.partition('-') }}", "('abc', '', '')");
    renders("{{ 'abc'.rpartition('-') }}", "('', '', 'abc')");
  }

  @Test
  void casesChange() {
    renders("{{ 'Hello'.upper() }}", "HELLO");
    renders("{{ 'Hello'.lower() }}", "hello");
    renders("{{ 'hello world'.title() }}", "Hello World");
    renders("{{ \"it's x\".title() }}", "It'S X");
    renders("{{ 'hELLO'.capitalize() }}", "Hello");
    renders("{{ 'aBc'.swapcase() }}", "AbC");
    renders("{{ 'ß'.upper() }}", "SS");
  }

  @Test
  void partsAreLookedFor() {
    renders("{{ 'abc'.startswith('a') }}", "True");
    renders("{{ 'abc'.startswith(('x','a')) }}", "True");
    renders("{{ 'abc'.endswith('bc') }}", "True");
    renders("{{ 'abc'.endswith(('x',)) }}", "False");
    renders("{{ 'abc'.startswith('') }}", "True");
    renders("{{ 'abcabc'.find('c') }}", "2");
    renders("{{ 'abc'.find('x') }}", "-1");
    renders("{{ 'abcabc'.rfind('c') }}", "5");
    renders("{{ 'abc'.index('b') }}", "1");
    renders("{{ '😀a'.find('a') }}", "1");
  }

  @Test
  void partsAreReplacedAndCounted() {
    renders("{{ 'aXbX'.replace('X', '-') }}", "a-b-");
    renders("{{ 'aXbX'.replace('X', '-', 1) }}", "a-bX");
    renders("{{ 'ab'.replace('', '-') }}", "-a-b-");
    renders("{{ 'ab'.replace('', '-', 2) }}", "-a-b");
    renders("{{ 'aaa'.replace('aa', 'b') }}", "ba");
    renders("{{ 'banana'.count('a') }}", "3");
    renders("{{ 'aaa'.count('aa') }}", "1");
    renders("{{ 'abc'.count('') }}", "4");
  }

  @Test
  void listsAreJoined() {
    renders("{{ ','.join(['a','b']) }}", "a,b");
    renders("{{ ', '.join([]) }}|", "|");
  }

  @Test
  void textsArePadded() {
    renders(
        "{{ 'ab'.ljust(4) }}|{{ 'ab'.rjust(4, '.') }}|{{ 'ab'.center(5) }}|{{ 'ab'.center(5,'*') }}|{{ '42'.zfill(5) }}",
        "ab  |..ab|  ab |**ab*|00042");
    renders("{{ '-42'.zfill(5) }}", "-0042");
  }

  @Test
  void charactersAreClassified() {
    renders("{{ '12'.isdigit() }}", "True");
    renders("{{ 'a1'.isalnum() }}", "True");
    renders("{{ 'ab'.isalpha() }}", "True");
    renders("{{ ' '.isspace() }}", "True");
    renders("{{ ''.isdigit() }}", "False");
    renders("{{ 'AB'.isupper() }}", "True");
    renders("{{ 'ab1'.islower() }}", "True");
    renders("{{ '1'.islower() }}", "False");
    renders("{{ 'Ab Cd'.istitle() }}", "True");
    renders("{{ 'abc'.removeprefix('a') }}", "bc");
    renders("{{ 'abc'.removesuffix('bc') }}", "a");
    renders("{{ 'abc'.removeprefix('x') }}", "abc");
    renders("{{ [1,2,1].count(1) }}", "2");
    renders("{{ [1,2].index(2) }}", "1");
    renders("{{ (1,2).index(2) }}", "1");
  }

  @Test
  void listsAreSearched() {
    renders("{{ '{} {}'.format('a', 1) }}", "a 1");
    renders("{{ '{1} {0}'.format('a', 'b') }}", "b a");
    renders("{{ '{x}'.format(x=5) }}", "5");
    renders("{{ '{{}}'.format() }}", "{}");
    renders(
        "{{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}'.format('a', 'b', 'c', 42, 3.14159, 1234567) }}",
        "    a|b    |  c  |00042|3.14|1,234,567");
    renders("{{ '{!r}'.format('a') }}", "'a'");
  }

  @Test
  void bracesAreFilled() {
    renders("{{ '%s is %d, %.2f%%' % ('a', 5, 1.239) }}", "a is 5, 1.24%");
    renders("{{ '%s' % 'x' }}", "x");
    renders("{{ '%5s|%-5s|%05d' % ('a', 'b', 42) }}", "    a|b    |00042");
    renders("{{ '%(a)s' % {'a': 1} }}", "1");
    renders("{{ '%x %X %o' % (255, 255, 8) }}", "ff FF 10");
    renders("{{ '%r' % ('a',) }}", "'a'");
    renders("{{ '%+d' % 5 }}", "+5");
    renders("{{ '%e' % 12345.678 }}", "1.234568e+04");
  }

  @Test
  void percentSignsAreFilled() {
    renders("{{ '%s-%s'|format('a', 1) }}", "a-1");
    renders("{{ '%s' % none }}", "None");
    renders("{{ '%s' % [1] }}", "[1]");
    renders("{{ '%.3s|' % 'abcdef' }}", "abc|");
  }

  @Test
  void methodsFollowMethods() {
    renders("{{ 'abc'.upper().lower().strip('a') }}", "bc");
    renders("{{ ('a' ~ 'b').upper() }}", "AB");
    renders("{{ 'a😀b'[::-1] }}{{ 'ab😀'|reverse }}", "b😀a😀ba");
    renders("{{ '{:,}'.format(1234567.891) }}", "1,234,567.891");
    renders("{{ '{:d}'.format(5) }}", "5");
    renders("{{ '{:x}'.format(255) }}", "ff");
    renders("{{ '{:5}|'.format(7) }}", "    7|");
    renders("{{ '{:5}|'.format('a') }}", "a    |");
    renders("{{ '{:+}'.format(3) }}", "+3");
    renders("{{ '{:%}'.format(0.5) }}", "50.000000%");
    renders("{{ '{:*^7}'.format('a') }}", "***a***");
    renders("{{ 'a\\u2028b'.splitlines() }}", "['a', 'b']");
    renders("{{ 'Straße'.casefold() }}", "strasse");
  }
}
