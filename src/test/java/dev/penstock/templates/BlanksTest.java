package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/**
 * Which blanks and line breaks of a template come out: every row is what Python's Jinja makes of
 * it.
 */
final class BlanksTest {
  @Test
  void theLastLineBreakIsNoPartOfTheTemplate() {
    renders("a\n", "a");
    renders("a\n\n", "a\n");
    renders("a\r\nb\rc\n", "a\nb\nc");
  }

  @Test
  void aTagTakesItsIndentAndItsLineBreakAway() {
    renders("  {% if true %}\n  x\n  {% endif %}\n y", "  x\n y");
    renders("{% if true %}\nx{% endif %}\n", "x");
  }

  @Test
  void signsTakeOrKeepWhatIsBesideATag() {
    renders("a {%- if true -%} b {%- endif -%} c", "abc");
    renders("a\n{{- \" b\" -}}\n c", "a bc");
    renders("  {%+ if true %}x{% endif %}", "  x");
    renders("a {% if true +%}\n x{% endif %}", "a \n x");
  }

  @Test
  void aCommentLeavesNothing() {
    renders("a {# c #}\n b", "a  b");
    renders("  {# c #}\nb", "b");
    renders("a\n  {#- c -#}\n b", "ab");
  }

  @Test
  void aPrintKeepsItsLineBreak() {
    renders("x {{ 1 }}\ny", "x 1\ny");
    renders("{{ 1 }}\n\n", "1\n");
  }

  @Test
  void rawTextIsNotRead() {
    renders("{% raw %}{{ x }}{% endraw %}", "{{ x }}");
    renders("a\n  {% raw -%}\n {{ x }} {%- endraw %}\n b", "a\n{{ x }} b");
    renders(" {% raw %} {% if %} {% endraw %} ", " {% if %}  ");
  }

  @Test
  void endsOfTagsWithinTextsEndNothing() {
    renders("{{\"{{\"}}", "{{");
    renders("{{ '}}' }}", "}}");
  }

  @Test
  void aSetLeavesNoLine() {
    renders("{{ '%}' }}", "%}");
    renders("{% if true %}{% endif %}\n\nx", "\nx");
    renders("{%- set a = 1 -%}\n\n x", "x");
    renders("a{% set b = 1 %}\nb", "ab");
  }

  @Test
  void bracesThatOpenNoTagAreText() {
    renders("\t{% set b = 1 %}\n\t{{ b }}", "\t1");
    renders("x   {% set b = 1 %}y", "x   y");
    renders("{{ {\"a\": {\"b\": 1}}}}", "{'a': {'b': 1}}");
    renders("{", "{");
    renders("{ {", "{ {");
  }

  @Test
  void unbreakableBlanksAreBlanksToo() {
    renders("{a}", "{a}");
  }

  @Test
  void signsWorkOnPrintsAsWell() {
    renders("100%", "100%");
    renders("\u00a0{% set a=1 %}\u00a0{%- set b=1 -%}\u00a0x", "x");
    renders("{{ \"a\" }} {{- \"b\" }}", "ab");
    renders("{{- \"a\" }}", "a");
    renders("\n\n{{- \"a\" -}}\n\n", "a");
    renders("a\n\n{%- if true %}\n\nb\n{%- endif %}", "a\nb");
    renders("{{+1}}", "1");
    renders("{# a\n b #}{{ 1 }}", "1");
    renders("{#- a -#} x", "x");
    renders("{{ 'a\nb' }}", "a\nb");
    renders("{% set x = \"a\" %}{# c1 #} {# c2 #}\n{{ x }}", " a");
    renders("{%if true%}x{%endif%}", "x");
    renders("{{1}}{{2}}", "12");
    renders("{{ \"é€😀\" }}", "é€😀");
  }
}
