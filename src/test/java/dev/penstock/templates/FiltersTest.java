package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** What may stand after a bar: every row is what Python's Jinja makes of it. */
final class FiltersTest {
  @Test
  void textsAreTrimmedAndCased() {
    renders("{{ ' a '|trim }}|{{ 'xax'|trim('x') }}|{{ 5|trim }}|{{ none|trim }}", "a|a|5|None");
    renders("{{ 'aBc'|upper }}{{ 'aBc'|lower }}", "ABCabc");
    renders("{{ 'hello wORLD-x (foo)'|title }}", "Hello World-X (Foo)");
    renders("{{ 'hELLO x'|capitalize }}", "Hello x");
    renders("{{ 5|upper }}", "5");
  }

  @Test
  void lengthsAreCounted() {
    renders("{{ [1,2]|length }}", "2");
    renders("{{ 'abc'|length }}", "3");
    renders("{{ {'a':1}|length }}", "1");
    renders("{{ missing|length }}", "0");
    renders("{{ (1,2)|count }}", "2");
  }

  @Test
  void defaultsStandIn() {
    renders("{{ missing|default('d') }}", "d");
    renders("{{ none|default('d') }}", "None");
    renders("{{ ''|default('d', true) }}", "d");
    renders("{{ none|d('x', boolean=true) }}", "x");
    renders("{{ 0|default('d') }}", "0");
    renders("{{ missing|default }}|", "|");
  }

  @Test
  void listsAreJoined() {
    renders("{{ [1,2]|join }}", "12");
    renders("{{ [1,none,'a']|join(', ') }}", "1, None, a");
    renders("{{ 'abc'|join('-') }}", "a-b-c");
    renders("{{ []|join }}|", "|");
    renders(
        "{{ p|join('/', attribute='n') }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "b/a/C");
  }

  @Test
  void endsOfListsAreTaken() {
    renders("{{ [3,1,2]|first }}", "3");
    renders("{{ [3,1,2]|last }}", "2");
    renders("{{ 'abc'|first }}", "a");
    renders("{{ 'abc'|last }}", "c");
    renders("{{ []|first }}|{{ []|last }}|", "||");
    renders("{{ 'abc'|list }}", "['a', 'b', 'c']");
    renders("{{ {'a':1}|list }}", "['a']");
    renders("{{ (1,2)|list }}", "[1, 2]");
    renders("{{ missing|list }}", "[]");
  }

  @Test
  void elementsAreMapped() {
    renders(
        "{{ p|map(attribute='n')|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "['b', 'a', 'C']");
    renders(
        "{{ p|map(attribute='x', default=0)|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "[0, 0, 0]");
    renders("{{ ['a','b']|map('upper')|join }}", "AB");
    renders("{{ [1.5,2.5]|map('int')|list }}", "[1, 2]");
    renders("{{ ['a']|map('replace','a','b')|list }}", "['b']");
  }

  @Test
  void elementsAreChosen() {
    renders(
        "{{ p|selectattr('t')|map(attribute='n')|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "['b']");
    renders(
        "{{ p|rejectattr('t')|map(attribute='n')|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "['a', 'C']");
    renders(
        "{{ p|selectattr('v','equalto',2)|list|length }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "1");
    renders(
        "{{ p|selectattr('v','gt',1)|map(attribute='v')|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "[2, 3]");
    renders(
        "{{ p|selectattr('t','defined')|list|length }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "2");
    renders(
        "{{ p|rejectattr('n','in',['a','b'])|map(attribute='n')|first }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "C");
    renders("{{ [1,2,3,4]|select('odd')|list }}", "[1, 3]");
    renders("{{ [1,2,3,4]|reject('even')|list }}", "[1, 3]");
    renders("{{ [0,1,'',none,'a']|select|list }}", "[1, 'a']");
    renders("{{ [1,none]|reject('none')|list }}", "[1]");
    renders("{{ [1,2,3]|select('in',[1,3])|list }}", "[1, 3]");
    renders("{{ [3,6,7]|select('divisibleby',3)|list }}", "[3, 6]");
  }

  @Test
  void listsAreSorted() {
    renders(
        "{{ p|sort(attribute='v')|map(attribute='n')|join }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "abC");
    renders(
        "{{ p|sort(attribute='n')|map(attribute='n')|join }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "abC");
    renders(
        "{{ p|sort(attribute='n',case_sensitive=true)|map(attribute='n')|join }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "Cab");
    renders(
        "{{ p|sort(attribute='v',reverse=true)|map(attribute='v')|join }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "321");
    renders("{{ [3,1,2]|sort }}", "[1, 2, 3]");
    renders("{{ ['b','A','c']|sort }}", "['A', 'b', 'c']");
    renders("{{ [3,1,2]|sort(reverse=true) }}", "[3, 2, 1]");
    renders("{{ [1,'a']|first }}", "1");
  }

  @Test
  void dictsAreSortedAndGoneThrough() {
    renders("{{ {'b':1,'A':2,'c':0}|dictsort }}", "[('A', 2), ('b', 1), ('c', 0)]");
    renders("{{ {'b':1,'a':2}|dictsort(by='value') }}", "[('b', 1), ('a', 2)]");
    renders("{{ {'b':1,'a':2}|dictsort(reverse=true) }}", "[('b', 1), ('a', 2)]");
    renders("{{ {'b':1,'A':2}|dictsort(true) }}", "[('A', 2), ('b', 1)]");
    renders("{{ {'a':1,'b':2}|items|list }}", "[('a', 1), ('b', 2)]");
    renders("{{ missing|items|list }}", "[]");
  }

  @Test
  void doublesAreDropped() {
    renders("{{ [1,2,1,'a','A']|unique|list }}", "[1, 2, 'a']");
    renders("{{ ['a','A']|unique(true)|list }}", "['a', 'A']");
    renders("{{ [1,2,3]|reverse|list }}", "[3, 2, 1]");
    renders("{{ 'abc'|reverse }}", "cba");
  }

  @Test
  void partsAreReplaced() {
    renders("{{ 'aXbX'|replace('X','-') }}", "a-b-");
    renders("{{ 'aXbX'|replace('X','-',1) }}", "a-bX");
    renders("{{ 5|replace('5','6') }}", "6");
  }

  @Test
  void linesAreIndented() {
    renders(
        "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2) }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb'|indent('> ') }}|{{ 'a\\nb'|indent(width=1, first=true) }}|{{ 'a\\n'|indent }}|",
        "a\n    b\n\n    c|a\n  b|  a\n  b|a\n  \n  b|a\n> b| a\n b|a\n|");
  }

  @Test
  void listsAreCutIntoPieces() {
    renders("{{ [1,2,3,4,5]|batch(2)|list }}", "[[1, 2], [3, 4], [5]]");
    renders("{{ [1,2,3]|batch(2,'x')|list }}", "[[1, 2], [3, 'x']]");
    renders("{{ [1,2,3,4,5]|slice(2)|list }}", "[[1, 2, 3], [4, 5]]");
    renders("{{ [1,2,3]|slice(2,'x')|list }}", "[[1, 2], [3, 'x']]");
  }

  @Test
  void elementsAreGrouped() {
    renders("{{ p|groupby('t')|length }}", "{\"p\": [{\"t\": 1}, {\"t\": 2}, {\"t\": 1}]}", "2");
    renders(
        "{% for k, l in p|groupby('t') %}{{ k }}:{{ l|map(attribute='v')|join }} {% endfor %}{% for g in p|groupby('t') %}{{ g[0] }}{% endfor %}",
        "{\"p\": [{\"t\": \"b\", \"v\": 1}, {\"t\": \"a\", \"v\": 2}, {\"t\": \"b\", \"v\": 3}]}",
        "a:2 b:13 ab");
    renders(
        "{{ p|sum(attribute='v') }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "6");
  }

  @Test
  void textsAreEscaped() {
    renders("{{ 'a b c'|wordcount }}", "3");
    renders("{{ [1,2]|string }}", "[1, 2]");
    renders("{{ 1|string|length }}", "1");
    renders("{{ '<a>&\"\\''|e }}", "&lt;a&gt;&amp;&#34;&#39;");
    renders("{{ '<a>'|escape }}", "&lt;a&gt;");
    renders("{{ '<a>'|safe }}", "<a>");
    renders("{{ '<a>'|e|e }}", "&lt;a&gt;");
    renders("{{ '<a>'|e|forceescape }}", "&amp;lt;a&amp;gt;");
    renders("{{ '<a>'|safe + '<b>' }}", "<a>&lt;b&gt;");
    renders("{{ '<b>' + ('<a>'|safe) }}", "&lt;b&gt;<a>");
    renders("{{ ('<a>'|safe) ~ '<b>' }}", "<a><b>");
    renders("{{ ('<a>'|safe) + ('<b>'|safe) }}", "<a><b>");
    renders(
        "{% set x = '<a>'|safe %}{{ x + '\"' }} {{ x == '<a>' }} {{ x is string }} {{ x|length }}",
        "<a>&#34; True True 3");
  }

  @Test
  void textsAreCutAtWords() {
    renders("{{ 'hello world foo bar'|truncate(11) }}", "hello...");
    renders("{{ 'hello world foo bar'|truncate(11, true) }}", "hello wo...");
    renders("{{ 'hello world foo bar'|truncate(11, true, '\u2026', 0) }}", "hello worl\u2026");
    renders("{{ 'short'|truncate(11) }}", "short");
    renders("{{ 'ab'|center(6) }}|", "  ab  |");
  }

  @Test
  void attributesLeadFurtherIn() {
    renders(
        "{{ p|map(attribute='n')|sort|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "['a', 'b', 'C']");
    renders(
        "{{ p|map('length')|list }}",
        "{\"p\": [{\"n\": \"b\", \"v\": 2, \"t\": true}, {\"n\": \"a\", \"v\": 1, \"t\": false}, {\"n\": \"C\", \"v\": 3}]}",
        "[3, 3, 2]");
    renders("{{ [[1,2],[3]]|map('first')|list }}", "[1, 3]");
    renders("{{ [[1,2],[3]]|map(attribute=0)|list }}", "[1, 3]");
    renders("{{ [{'a':{'b':1}}]|map(attribute='a.b')|list }}", "[1]");
  }

  @Test
  void filtersFollowFilters() {
    renders("{{ [3,1]|map('string')|join(',') }}", "3,1");
    renders("{{ none|map('upper')|list }}", "[]");
    renders("{{ none|selectattr('x')|list }}", "[]");
    renders("{{ (none or [])|length }}", "0");
    renders("{{ ['a','b']|last|upper }}", "B");
    renders("{{ -1|abs }}", "1");
    renders("{{ 'x'|default('y')|upper }}", "X");
  }

  @Test
  void blocksAreFiltered() {
    renders("{{ {'a':1}|first }}", "a");
    renders("{{ {'a': 1, 'b': 2}|map('upper')|list }}", "['A', 'B']");
    renders("{% filter upper %}a{{ 'b' }}{% endfilter %}", "AB");
    renders("{% filter replace('a','b')|upper %}xa{% endfilter %}", "XB");
  }

  @Test
  void whatIsNotThereIsFilteredToNothing() {
    renders("{{ [1,2]|tojson|length }}", "6");
    renders("{{ [true,false]|select('true')|list }}", "[True]");
    renders("{{ ['x', 'y']|join(d='+') }}", "x+y");
    renders(
        "{{ missing|upper }}|{{ missing|trim }}|{{ missing|join }}|{{ missing|string }}|{{ missing|replace('a','b') }}|",
        "|||||");
    renders("{{ missing|sort }}", "[]");
    renders("{{ missing|unique|list }}", "[]");
    renders("{{ missing|map('upper')|list }}", "[]");
  }
}
