package dev.penstock.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Templates that would run for ever or fill the memory. */
final class RenderBoundsTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final RenderBounds BOUNDS =
      new RenderBounds(500_000, 1 << 20, RenderBounds.DEFAULT.depth(), 1 << 16, LONG);

  /** Half of what a thread has. */
  private static final int STACK = 1 << 19;

  private static final String FOREVER =
      "{% set r = range(9999) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}";

  private static final String STEPS = "more than 500000 steps";
  private static final String MADE = "texts and lists of more than 1048576 characters";
  private static final String DEEP = "nested more than 300 levels deep";
  private static final String DEEP_SOURCE = "nested more than 100 levels deep";
  private static final String LONG_NUMBER = "a number is too long";

  @Test
  void loopsEnd() throws Exception {
    endsWith(FOREVER, STEPS);
    endsWith(
        "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        STEPS);
    endsWith("{{ range(1000000000) }}", "a range has more than 100000 numbers");
    endsWith("{{ range(9999)|unique|list|length }}", STEPS);
  }

  @Test
  void searchesEnd() throws Exception {
    endsWith("{{ ('a' * 200000).count('a' * 100000 + 'b') }}", STEPS);
    endsWith("{{ ('a' * 200000 + 'b').strip('c' * 200000) }}", STEPS);
  }

  @Test
  void textsAndListsStaySmall() throws Exception {
    endsWith("{{ 'a' * 10**9 }}", MADE);
    endsWith("{{ [0] * 10**9 }}", MADE);
    endsWith(grown("'a'", "ns.s + ns.s"), MADE);
    endsWith("{{ ('a' * 1000).replace('', 'b' * 10000) }}", MADE);
    endsWith("{{ ','.join(['a' * 1000] * 10000) }}", "a text is longer than 65536 characters");
    endsWith("{{ ('a ' * 400000).split() }}", MADE);
    endsWith("{{ ('a' * 400000)|list }}", MADE);
    endsWith("{{ [1]|batch(10**9, 'x')|list }}", MADE);
    endsWith("{{ [1]|slice(10**9)|list }}", MADE);
    endsWith("{% for i in range(100) %}{{ 'a' * 1000 }}{% endfor %}", "longer than 65536");
  }

  @Test
  void widthsAndIndentsStaySmall() throws Exception {
    endsWith("{{ '%999999999d' % 1 }}", MADE);
    endsWith("{{ '{:999999999}'.format(1) }}", MADE);
    endsWith("{{ 'a'.center(10**9) }}", MADE);
    endsWith("{{ 'a'|indent(10**9) }}", MADE);
    endsWith("{{ '%.999999999f' % 1.0 }}", "more than 1000 digits");
    endsWith("{{ [1]|tojson(indent=10**9) }}", "an indent has more than 100 characters");
    endsWith("{{ strftime_now('%c' * 400000) }}", MADE);
  }

  @Test
  void numbersStayShort() throws Exception {
    endsWith("{{ 10 ** (10 ** 100) }}", LONG_NUMBER);
    endsWith("{{ 2 ** 1000000 }}", LONG_NUMBER);
    endsWith(grown("3", "ns.s * ns.s"), LONG_NUMBER);
    endsWith("{{ " + "1".repeat(5_000) + " }}", LONG_NUMBER);
  }

  @Test
  void valuesOfManyPartsEnd() throws Exception {
    endsWith(grown("1", "[ns.s, ns.s]") + "{{ ns.s }}", "a text is longer than 65536 characters");
    endsWith(grown("1", "[ns.s, ns.s]") + "{{ ns.s == ns.s }}", STEPS);
    endsWith(grown("1", "[ns.s, ns.s]") + "{{ ns.s < ns.s }}", STEPS);
  }

  @Test
  void valuesStayFlat() throws Exception {
    endsWith(deep("[ns.s]") + "{{ ns.s }}", DEEP);
    endsWith(deep("[ns.s]") + "{{ ns.s < ns.s }}", DEEP);
    endsWith(deep("{'a': ns.s}") + "{{ ns.s|tojson }}", DEEP);
    endsWith(deep("{'a': ns.s}") + "{{ ns.s == ns.s }}", DEEP);
  }

  @Test
  void callsStayFlat() throws Exception {
    endsWith("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", DEEP);
    endsWith(
        "{% macro m() %}{% for x in [1] %}{{ 'a' ~ (1 + (m()|length)) }}{% endfor %}{% endmacro %}"
            + "{{ m() }}",
        DEEP);
    endsWith("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", DEEP);
    endsWith("{% macro m() %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}", DEEP);
  }

  @Test
  void longExpressionsAreNoDanger() throws Exception {
    endsWith("{{ 1" + "+1".repeat(50_000) + " }}", DEEP);
    endsWith("{{ 'x'" + "|upper".repeat(50_000) + " }}", DEEP);
    endsWith("{{ 1" + " or 1".repeat(50_000) + " }}", DEEP);
    assertThat(run("{% if 0 %}" + "{% elif 0 %}".repeat(5_000) + "{% endif %}ok", BOUNDS))
        .isEqualTo("ok");
  }

  @Test
  void deepSourcesAreRefused() throws Exception {
    endsWith("{{ " + "(".repeat(5_000) + "1" + ")".repeat(5_000) + " }}", DEEP_SOURCE);
    endsWith("{{ " + "[".repeat(5_000) + "]".repeat(5_000) + " }}", DEEP_SOURCE);
    endsWith("{{ " + "not ".repeat(5_000) + "1 }}", DEEP_SOURCE);
    endsWith("{{ " + "-".repeat(5_000) + "1 }}", DEEP_SOURCE);
    endsWith("{{ 1" + " if 1 else 1".repeat(5_000) + " }}", DEEP_SOURCE);
    endsWith("{% if 1 %}".repeat(5_000), DEEP_SOURCE);
    endsWith("{% set " + "(".repeat(5_000) + "a" + ")".repeat(5_000) + " = 1 %}", DEEP_SOURCE);
    endsWith("a".repeat(2_000_000), "it is longer than 1048576 characters");
  }

  @Test
  void theTimeEndsWhatNothingElseDoes() {
    var bounds = new RenderBounds(Long.MAX_VALUE, 1 << 20, 100, 1 << 16, Duration.ofMillis(1));
    assertThatThrownBy(() -> run(FOREVER, bounds))
        .hasMessageContaining("it takes longer than 1 ms");
  }

  private static String grown(String start, String next) {
    return "{% set ns = namespace(s="
        + start
        + ") %}{% for i in range(100) %}{% set ns.s = "
        + next
        + " %}{% endfor %}";
  }

  private static String deep(String next) {
    return grown("1", next).replace("range(100)", "range(5000)");
  }

  private static void endsWith(String template, String words) throws Exception {
    assertThatThrownBy(() -> run(template, BOUNDS))
        .as(template.substring(0, Math.min(100, template.length())))
        .isExactlyInstanceOf(TemplateFault.class)
        .hasMessageContaining(words);
  }

  private static String run(String template, RenderBounds bounds) throws Exception {
    var text = new AtomicReference<String>();
    var thrown = new AtomicReference<Throwable>();
    var thread =
        new Thread(
            null,
            () ->
                text.set(
                    ChatTemplate.parse(template)
                        .render(Rendering.json("{}"), bounds, Rendering.NOW)),
            "template",
            STACK);
    thread.setUncaughtExceptionHandler((_, e) -> thrown.set(e));
    thread.start();
    thread.join();
    switch (thrown.get()) {
      case null -> {}
      case TemplateFault fault -> throw fault;
      case Throwable other -> throw new AssertionError(other);
    }
    return text.get();
  }
}
