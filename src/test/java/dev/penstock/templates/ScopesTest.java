package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** Names, macros and what can be seen where: every row is what Python's Jinja makes of it. */
final class ScopesTest {
  @Test
  void namesAreSet() {
    renders("{% set a = 1 %}{{ a }}{% set a = a + 1 %}{{ a }}", "12");
    renders("{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12");
  }

  @Test
  void aBlocksTextIsSet() {
    renders("{% set a %}x{{ 1 }}{% endset %}{{ a }}{{ a|length }}", "x12");
    renders("{% set a | upper | trim %} x {% endset %}{{ a }}", "X");
    renders("{% set a %}{% set b = 1 %}{% endset %}{{ b }}|", "|");
  }

  @Test
  void anIfIsNoScope() {
    renders("{% if true %}{% set a = 1 %}{% endif %}{{ a }}", "1");
  }

  @Test
  void aNamespaceIsSeenOutside() {
    renders(
        "{% set ns = namespace(a=1, b='x') %}{% set ns.a = 2 %}{% set ns.c %}y{% endset %}{{ ns.a }}{{ ns.b }}{{ ns.c }}",
        "2xy");
  }

  @Test
  void withHasNamesOfItsOwn() {
    renders(
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set c = 3 %}{% endwith %}{{ a }}{{ c }}|", "12|");
    renders("{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a }}|", "1|");
    renders("{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}", "21");
  }

  @Test
  void macrosHaveDefaults() {
    renders(
        "{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(1, c=9) }} {{ m(b=5, a=4) }} {{ m() }}|",
        "121 131 129 454 2|");
  }

  @Test
  void macrosTakeMore() {
    renders(
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, a=3) }}",
        "(1, 2){'a': 3}");
  }

  @Test
  void macrosCallTheirCallers() {
    renders("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}x{% endcall %}", "<x>");
    renders(
        "{% macro m(i) %}{% for x in i %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) m([1,2]) %}[{{ x }}]{% endcall %}",
        "[1][2]");
  }

  @Test
  void macrosSeeWhatIsAroundThem() {
    renders("{% set g = 1 %}{% macro m() %}{{ g }}{% endmacro %}{% set g = 2 %}{{ m() }}", "2");
    renders("{% macro m() %}{% set z = 1 %}{% endmacro %}{{ m() }}{{ z }}|", "|");
    renders(
        "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
        "3210");
    renders("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "B");
    renders(
        "{% macro m(x) %}{{ x|upper }}{% endmacro %}{% set y = m('a') %}{{ y + 'b' }}{{ m('q')|length }}",
        "Ab1");
  }

  @Test
  void generationIsOnlyAMark() {
    renders("{% generation %}x{% set q = 1 %}{% endgeneration %}{{ q }}|", "x|");
  }

  @Test
  void argumentsAreSpread() {
    renders("{% for x in [1,2] %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}", "12");
    renders(
        "{% macro f(a,b,c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(*[1, 2], **{'c': 3}) }}{{ f(1, *[2,3]) }}",
        "123123");
  }

  @Test
  void branchesAreTakenInTurn() {
    renders("{% if false %}{% elif 1 %}e{% else %}x{% endif %}", "e");
    renders(
        "{% if false %}{% else %}x{% endif %}{% if none is none and not false %}y{% endif %}",
        "xy");
    renders("{% if (1, 2) %}t{% endif %}", "t");
  }

  @Test
  void namesAreOfTheTemplateFirst() {
    renders("{% set (a, b) = (1, 2) %}{{ b }}", "2");
    renders("{% macro m(a='x') -%}\n  {{ a }}\n{%- endmacro %}{{ m() }}", "x");
    renders(
        "{% set messages = messages[1:] %}{{ messages|length }}{{ messages[0].role }}",
        "{\"messages\": [{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": \"Hello\"}]}",
        "2user");
    renders("{% set a = 1 if false else 2 %}{{ a }}", "2");
    renders("{% set x = 1, 2 %}{{ x }}", "(1, 2)");
    renders("{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}", "False");
    renders("{% set namespace = 1 %}{{ namespace }}", "1");
    renders("{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}{{ m(none) }}", "FalseTrue");
    renders("{% set true_ = true %}{{ true_ }}", "True");
    renders("{% macro a(x) %}({{ x }}){% endmacro %}{{ a(a(a(1))) }}", "(((1)))");
    renders(
        "{% set s = namespace() %}{% set s.l = [] %}{% for i in [1,2] %}{% set s.l = s.l + [i] %}{% endfor %}{{ s.l }}",
        "[1, 2]");
  }
}
