package dev.penstock.templates;

import static dev.penstock.templates.Rendering.renders;

import org.junit.jupiter.api.Test;

/** JSON as Python's json.dumps writes it: every row is what Python's Jinja makes of it. */
final class JsonTextTest {
  @Test
  void valuesAreWrittenWithoutEscapesForHtml() {
    renders(
        "{{ x|tojson }}",
        "{\"x\": {\"a\": [1, 2.0, null, true, \"é\\\"\\\\\\n\\t\\u0001\u007f/<&>\"], \"b\": {}}}",
        "{\"a\": [1, 2.0, null, true, \"é\\\"\\\\\\n\\t\\u0001\u007f/<&>\"], \"b\": {}}");
  }

  @Test
  void argumentsAreThoseOfTransformers() {
    renders(
        "{{ x|tojson(indent=2) }}",
        "{\"x\": {\"a\": [1, {\"b\": []}], \"c\": {}, \"d\": \"x\"}}",
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {},\n  \"d\": \"x\"\n}");
    renders("{{ x|tojson(indent=4) }}", "{\"x\": [[]]}", "[\n    []\n]");
    renders(
        "{{ x|tojson(separators=(',', ':')) }}",
        "{\"x\": {\"a\": 1, \"b\": [1, 2]}}",
        "{\"a\":1,\"b\":[1,2]}");
    renders(
        "{{ x|tojson(separators=[', ', ':']) }}",
        "{\"x\": {\"a\": 1, \"b\": [1, 2]}}",
        "{\"a\":1, \"b\":[1, 2]}");
    renders(
        "{{ x|tojson(ensure_ascii=true) }}",
        "{\"x\": \"é😀\u007f\"}",
        "\"\\u00e9\\ud83d\\ude00\\u007f\"");
    renders("{{ x|tojson(ensure_ascii=False) }}", "{\"x\": \"é😀\u007f\"}", "\"é😀\u007f\"");
    renders("{{ x|tojson(true) }}", "{\"x\": \"é😀\u007f\"}", "\"\\u00e9\\ud83d\\ude00\\u007f\"");
    renders(
        "{{ x|tojson(sort_keys=true) }}",
        "{\"x\": {\"b\": 1, \"a\": {\"d\": 1, \"c\": 2}}}",
        "{\"a\": {\"c\": 2, \"d\": 1}, \"b\": 1}");
  }

  @Test
  void numbersKeepTheirForm() {
    renders("{{ 1e20|tojson }}", "1e+20");
    renders("{{ 1.0|tojson }}", "1.0");
    renders("{{ 12345678901234567890|tojson }}", "12345678901234567890");
    renders("{{ none|tojson }}", "null");
    renders("{{ true|tojson }}", "true");
    renders("{{ 'a'|tojson }}", "\"a\"");
    renders("{{ (1,2)|tojson }}", "[1, 2]");
    renders("{{ []|tojson }}", "[]");
    renders("{{ {}|tojson }}", "{}");
  }

  @Test
  void indentsMayBeAnything() {
    renders("{{ x|tojson(indent='\t') }}", "{\"x\": [1]}", "[\n\t1\n]");
    renders("{{ x|tojson(indent=0) }}", "{\"x\": [1, 2]}", "[\n1,\n2\n]");
    renders(
        "{{ x|tojson(indent=2, separators=(',', ': ')) }}",
        "{\"x\": {\"a\": 1}}",
        "{\n  \"a\": 1\n}");
  }

  @Test
  void jsonIsIndentedFurther() {
    renders(
        "{{ x | tojson(indent=2) | indent(2) }}", "{\"x\": {\"a\": 1}}", "{\n    \"a\": 1\n  }");
    renders("{{ ('a'|tojson) + '<' }}", "\"a\"<");
    renders("{{ 'a'|tojson|safe + '<' }}", "\"a\"&lt;");
    renders("{{ x|tojson }}", "{\"x\": 1e-07}", "1e-07");
  }
}
