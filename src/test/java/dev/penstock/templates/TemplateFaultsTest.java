package dev.penstock.templates;

import static dev.penstock.templates.Rendering.rendered;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** What is said of templates that go wrong: Python's Jinja refuses each of these too. */
final class TemplateFaultsTest {
  @Test
  void theLineIsTold() {
    var fault =
        catchThrowableOfType(
            TemplateFault.class, () -> rendered("a\n{# b\n#}\n{{ 'c\n' }}{{ none + 1 }}", "{}"));
    Assertions.assertThat(fault.line()).isEqualTo(5);
    Assertions.assertThat(fault)
        .hasMessage("The chat template's line 5: '+' cannot be used between None and an int");
  }

  @Test
  void afterACallTheLineIsTheCallersAgain() {
    faults(
        "{% macro m() %}\n{{ 1 }}\n{% endmacro %}\n{{ m() + 1 }}",
        "line 4: '+' cannot be used between a str and an int");
    faults("{% macro m() %}\n{{ 1 + '' }}\n{% endmacro %}\n{{ m() }}", "line 2: ");
  }

  @Test
  void whatCannotBeReadIsToldByItsLine() {
    faults("{{ 1", "a tag has no '}}'");
    faults("{{ 1 }", "unexpected '}'");
    faults("x\n{{ 1 + }}\n", "line 2: expected an expression, got }}");
    faults("{% if true %}\n", "'if' has no 'endif'");
    faults("{% for x in y %}{% endif %}", "there is no tag 'endif'");
    faults("{% for x %}", "expected 'in', got %}");
    faults("{% nosuch %}", "there is no tag 'nosuch'");
    faults("{% include 'x' %}", "there is no tag 'include'");
    faults("{{ }}", "expected an expression, got }}");
    faults("{{ 'a }}", "a string has no end");
    faults("{{ (1 }}", "unexpected '}'");
    faults("{{ 1) }}", "unexpected ')'");
    faults("{% set 1 = 2 %}", "expected a name, got '1'");
    faults("{{ a b }}", "expected '}}', got 'b'");
    faults("{# x", "a comment has no end");
    faults("{{ $ }}", "unexpected '$'");
    faults("{{ '\\x4' }}", "a string has an escape that means nothing");
    faults("{% macro m(a=1, b) %}{% endmacro %}", "without a default follows one with");
    faults("{{ f(a=1, 2) }}", "an argument without a name follows one with a name");
    faults("{% call 1 %}{% endcall %}", "'call' needs a call");
    faults("{% break %}", "'break' is in no loop");
    faults(
        "{% for x in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
        "'break' is in no loop");
  }

  @Test
  void whatIsNotThereCannotBeUsed() {
    faults("{{ missing.x }}", "'missing' is undefined");
    faults("{{ missing['x'] }}", "'missing' is undefined");
    faults("{{ missing() }}", "'missing' is undefined");
    faults("{{ missing + 'a' }}", "'missing' is undefined");
    faults("{{ 'a' + missing }}", "'missing' is undefined");
    faults("{{ missing < 1 }}", "'missing' is undefined");
    faults("{{ {'a': 1}.b.c }}", "a dict has no attribute 'b'");
    faults("{{ none.strip() }}", "None has no attribute 'strip'");
    faults("{{ missing|tojson }}", "an Undefined has no form in JSON");
    faults("{{ missing|int }}", "'missing' is undefined");
  }

  @Test
  void aTypeThatDoesNotFitIsTold() {
    faults("{% for x in none %}{% endfor %}", "None has no elements");
    faults("{% for x in 5 %}{% endfor %}", "an int has no elements");
    faults("{% for a, b in [(1,2,3)] %}{% endfor %}", "3 values for 2 names");
    faults("{{ 1 < 'a' }}", "an int and a str have no order");
    faults("{{ 'a' + {} }}", "'+' cannot be used between a str and a dict");
    faults("{{ 1 in 'a' }}", "an int is in no str");
    faults("{{ [1] in {} }}", "a list cannot be a key");
    faults("{{ none|length }}", "None has no length");
    faults("{{ ([1]|map('string'))|tojson }}", "a generator has no form in JSON");
    faults("{{ 'a'() }}", "a str cannot be called");
    faults("{{ [1]|items|list }}", "'items' needs a dict, not a list");
    faults("{{ ','.join([1]) }}", "a str is needed, not an int");
    faults("{% set x = {} %}{% set x.a = 1 %}", "'x' is no namespace");
  }

  @Test
  void whatIsNotKnownIsTold() {
    faults("{{ 'x'|nosuch }}", "there is no filter 'nosuch'");
    faults("{{ 1 is nosuch }}", "there is no test 'nosuch'");
    faults("{{ 'abc'.nosuch() }}", "a str has no attribute 'nosuch'");
    faults("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "macro 'm' is given more than it takes");
    faults("{% macro m(a) %}{% endmacro %}{{ m(z=2) }}", "macro 'm' is given more than it takes");
  }

  @Test
  void divisionByZeroIsTold() {
    faults("{{ 1 / 0 }}", "division by zero");
    faults("{{ 1 // 0 }}", "division by zero");
    faults("{{ 1 % 0 }}", "division by zero");
    faults("{{ 1.0 / 0 }}", "division by zero");
  }

  @Test
  void formatsTellWhatTheyLack() {
    faults("{{ '%s %s' % ('a',) }}", "more directives than it is given values");
    faults("{{ '%s' % ('a', 'b') }}", "fewer directives than it is given values");
    faults("{{ '%d' % 'a' }}", "a format's 'd' needs a number, not a str");
    faults("{{ '{}'.format() }}", "more directives than it is given values");
    faults("{{ '{x}'.format() }}", "a format lacks 'x'");
  }

  @Test
  void listsAndDictsCannotBeChanged() {
    faults("{{ [].append(1) }}", "a list cannot be changed here: 'append' is not allowed");
    faults("{{ {}.update({}) }}", "a dict cannot be changed here: 'update' is not allowed");
  }

  @Test
  void nothingOfJavaOrPythonIsReached() {
    faults("{{ ''.__class__.mro() }}", "a str has no attribute '__class__'");
    faults("{{ ''.getClass() }}", "a str has no attribute 'getClass'");
    faults("{{ [].getClass() }}", "a list has no attribute 'getClass'");
    faults("{{ raise_exception.__globals__.x }}", "a function has no attribute '__globals__'");
    faults("{% for x in [1] %}{{ loop.getClass() }}{% endfor %}", "'loop' has no 'getClass'");
  }

  @Test
  void aTemplatesOwnRefusalIsNoFault() {
    assertThatThrownBy(() -> rendered("{{ raise_exception('Roles must ' ~ 'alternate') }}", "{}"))
        .isExactlyInstanceOf(TemplateRefusal.class)
        .hasMessage("Roles must alternate");
  }

  private static void faults(String template, String words) {
    assertThatThrownBy(() -> rendered(template, "{}"))
        .as(template)
        .isExactlyInstanceOf(TemplateFault.class)
        .hasMessageContaining(words);
  }
}
