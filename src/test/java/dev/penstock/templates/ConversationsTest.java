package dev.penstock.templates;

import static dev.penstock.templates.Rendering.rendered;
import static dev.penstock.templates.Rendering.renders;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** Whole templates in the ways in which models' authors write them. */
final class ConversationsTest {
  /** Marks around each message. */
  static final String MARKS =
      """
      {%- for message in messages %}
          {{- '<|start|>' + message.role + '\\n' + message.content | trim + '<|end|>\\n' }}
      {%- endfor %}
      {%- if add_generation_prompt %}
          {{- '<|start|>assistant\\n' }}
      {%- endif %}
      """;

  /** Only user and assistant in turns; the system's word goes before the first of the user's. */
  static final String TURNS =
      """
      {{ bos_token }}{% if messages[0]['role'] == 'system' %}
      {% set system = messages[0]['content'] + '\\n\\n' %}
      {% set messages = messages[1:] %}
      {% else %}
      {% set system = '' %}
      {% endif %}
      {% for message in messages %}
      {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
      {{ raise_exception('Roles must alternate user/assistant/...') }}
      {% endif %}
      {% if message['role'] == 'user' %}
      {{- '[Q] ' + (system if loop.first else '') + message['content'] + ' [/Q]' -}}
      {% else %}
      {{- ' ' + message['content'] + eos_token -}}
      {% endif %}
      {% endfor %}
      """;

  /** Tools, calls, results, and contents in parts. */
  static final String TOOLS =
      """
      {%- macro text(content) -%}
        {%- if content is string -%}
          {{- content -}}
        {%- elif content is iterable and content is not mapping -%}
          {%- for part in content if part.type == 'text' -%}
            {{- part.text -}}
          {%- endfor -%}
        {%- endif -%}
      {%- endmacro -%}
      {%- set ns = namespace(results=0) -%}
      {%- if tools -%}
        {{- '<tools>\\n' -}}
        {%- for tool in tools -%}
          {{- tool.function | tojson -}}{{- '\\n' -}}
        {%- endfor -%}
        {{- '</tools>\\n' -}}
      {%- endif -%}
      {%- for message in messages -%}
        {%- if message.role == 'tool' -%}
          {%- set ns.results = ns.results + 1 -%}
          {{- '<result n=%d>%s</result>\\n' % (ns.results, text(message.content)) -}}
          {%- continue -%}
        {%- endif -%}
        {{- message.role ~ ': ' ~ text(message.content) -}}
        {%- for call in message.tool_calls or [] -%}
          {{- '<call>' ~ {'name': call.function.name, 'arguments': call.function.arguments} | tojson(indent=1) ~ '</call>' -}}
        {%- endfor -%}
        {{- '\\n' -}}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
        {% generation %}{{- 'assistant:' -}}{% endgeneration %}
      {%- endif -%}
      """;

  private static final String CHAT =
      """
      {"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true, "messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": " Hi {{ x }}\\n"},
        {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "1 < 2 & é?"}]}
      """;

  @Test
  void marksStandAroundMessages() {
    renders(
        MARKS,
        CHAT,
        """
        <|start|>system
        Be brief.<|end|>
        <|start|>user
        Hi {{ x }}<|end|>
        <|start|>assistant
        Hello.<|end|>
        <|start|>user
        1 < 2 & é?<|end|>
        <|start|>assistant
        """);
  }

  @Test
  void turnsAlternate() {
    renders(TURNS, CHAT, "<s>[Q] Be brief.\n\n Hi {{ x }}\n [/Q] Hello.</s>[Q] 1 < 2 & é? [/Q]");
    assertThatThrownBy(() ->
            rendered(
                TURNS,
                """
                {"bos_token": "", "messages": [{"role": "assistant", "content": "a"}]}
                """))
        .isInstanceOf(TemplateRefusal.class)
        .hasMessage("Roles must alternate user/assistant/...");
  }

  @Test
  void toolsAreToldAndTheirCallsRepeated() {
    renders(
        TOOLS,
        """
        {"add_generation_prompt": true,
         "tools": [{"type": "function", "function": {"name": "weather", "description": "It's <now>",
           "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}],
         "messages": [
          {"role": "user", "content": [{"type": "text", "text": "Wie ist es in "},
            {"type": "image"}, {"type": "text", "text": "Köln?"}]},
          {"role": "assistant", "content": null, "tool_calls": [
            {"function": {"name": "weather", "arguments": {"city": "Köln", "days": 1.0}}}]},
          {"role": "tool", "content": "5 °C"}, {"role": "tool", "content": [
            {"type": "text", "text": "rain"}]}]}
        """,
        """
        <tools>
        {"name": "weather", "description": "It's <now>", "parameters": {"type": "object", \
        "properties": {"city": {"type": "string"}}}}
        </tools>
        user: Wie ist es in Köln?
        assistant: <call>{
         "name": "weather",
         "arguments": {
          "city": "Köln",
          "days": 1.0
         }
        }</call>
        <result n=1>5 °C</result>
        <result n=2>rain</result>
        assistant:\
        """);
  }

  @Test
  void oneTemplateServesManyThreads() throws Exception {
    ChatTemplate template = ChatTemplate.parse(TOOLS);
    var context = Rendering.json(CHAT);
    String expected = template.render(context, RenderBounds.DEFAULT, Rendering.NOW);
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (var each :
          threads.invokeAll(
              Collections.nCopies(
                  200, () -> template.render(context, RenderBounds.DEFAULT, Rendering.NOW)))) {
        assertThat(each.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void aTemplateTellsWhichNamesItLooksAt() {
    assertThat(ChatTemplate.parse(TOOLS).mentions("tools")).isTrue();
    assertThat(ChatTemplate.parse(MARKS).mentions("tools")).isFalse();
    assertThat(ChatTemplate.parse("{{ messages | map(attribute=tools) }}").mentions("tools"))
        .isTrue();
    assertThat(ChatTemplate.parse("tools {{ 'tools' }}{# tools #}").mentions("tools")).isFalse();
  }
}
