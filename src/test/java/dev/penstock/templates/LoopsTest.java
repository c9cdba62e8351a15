package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** Loops: every row is what Python's Jinja makes of it. */
final class LoopsTest {
  @Test
  void aLoopKnowsWhereItIs() {
    renders(
        "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {{ m.role }};{% endfor %}",
        "{\"messages\": [{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Hello\"}]}",
        "1032TrueFalse3 system;2121FalseFalse3 user;3210FalseTrue3 assistant;");
  }

  @Test
  void anEmptyLoopHasAnElse() {
    renders("{% for x in [] %}a{% else %}none{% endfor %}", "none");
    renders("{% for x in [1] %}a{% else %}none{% endfor %}", "a");
  }

  @Test
  void aLoopMayFilter() {
    renders(
        "{% for x in [1,2,3,4] if x is odd %}{{ x }}{{ loop.last }}{{ loop.length }} {% endfor %}",
        "1False2 3True2 ");
  }

  @Test
  void loopsAreLeftAndContinued() {
    renders(
        "{% for x in [1,2,3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "13");
    renders("{% for x in [1,2,3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}", "1");
    renders(
        "{% for x in [1,2] %}{% for y in [1,2] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
        "11 21 ");
  }

  @Test
  void dictsAndTextsAreGoneThrough() {
    renders("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}", "a=1 b=2 ");
    renders("{% for k in {'a': 1} %}{{ k }}{% endfor %}", "a");
    renders("{% for c in 'añ😀' %}[{{ c }}]{% endfor %}", "[a][ñ][😀]");
  }

  @Test
  void whatIsNotThereHasNoElements() {
    renders("{% for x in missing %}a{% else %}e{% endfor %}", "e");
  }

  @Test
  void elementsAreTakenApart() {
    renders("{% for a, b in [(1,2),[3,4]] %}{{ a }}{{ b }} {% endfor %}", "12 34 ");
    renders("{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123");
  }

  @Test
  void neighboursAreSeen() {
    renders(
        "{% for x in [1,2,3] %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
        "<1>2 1<2>3 2<3> ");
    renders("{% for x in [1,2,3] %}{{ loop.cycle('a','b') }}{% endfor %}", "aba");
    renders("{% for x in [1,1,2] %}{{ loop.changed(x) }} {% endfor %}", "True False True ");
  }

  @Test
  void loopsCallThemselves() {
    renders(
        "{% for x in [1,[2,[3]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}",
        "1@1(2@2(3@3))");
  }

  @Test
  void whatIsSetInALoopStaysThere() {
    renders("{% for x in [1,2] %}{% set y = x %}{% endfor %}{{ y }}|", "|");
    renders(
        "{% set y = 0 %}{% for x in [1,2] %}{{ y }}{% set y = x %}{{ y }} {% endfor %}{{ y }}",
        "01 02 0");
    renders(
        "{% for x in [1,2,3] %}{% if x == 2 %}{% set f = 'f' %}{% endif %}{{ f }}-{% endfor %}",
        "-f--");
    renders(
        "{% set ns = namespace(n=0) %}{% for x in [1,2,3] %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}",
        "6");
  }

  @Test
  void loopsNest() {
    renders(
        "{% for x in [1,2] %}{% for y in [3] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
        "1112");
    renders("{% for x in 1, 2 %}{{ x }}{% endfor %}", "12");
    renders("{% for x in [3,1,2]|sort %}{{ x }}{% endfor %}", "123");
    renders(
        "{% for x in range(3) %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "0, 1, 2");
    renders("{% for x in [1,2] %}{{ x }}{% endfor %}{{ x }}|", "12|");
    renders("{% set x = 9 %}{% for x in [1] %}{{ x }}{% endfor %}{{ x }}", "19");
    renders("{{ loop }}|", "|");
    renders("{% for x in [1,2,3][::-1] %}{{ x }}{% endfor %}", "321");
    renders(
        "{% for x in ([1,2]|map('string')) %}{{ x }}{{ loop.last }}{% endfor %}", "1False2True");
    renders("{% for x in ([1] if true else []) %}{{ x }}{% endfor %}", "1");
    renders("{% for i in [1] %}{{ loop.nosuch }}|{% endfor %}", "|");
    renders(
        "{% for x in [1,2,3] %}{% if loop.index is divisibleby 2 %}e{% endif %}{% endfor %}", "e");
    renders("{% for k, v in {'a':1}|items %}{{ k }}{{ v }}{% endfor %}", "a1");
    renders("{% for k, v in {'b':1,'a':2}|dictsort %}{{ k }}{{ v }}{% endfor %}", "a2b1");
  }
}
