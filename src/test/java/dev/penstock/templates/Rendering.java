package dev.penstock.templates;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.JsonMappers;
import java.io.UncheckedIOException;
import java.time.LocalDateTime;

/** Templates rendered as the tests' rows have them. */
final class Rendering {
  static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 2, 3, 4, 5);

  private Rendering() {}

  static void renders(String template, String expected) {
    renders(template, "{}", expected);
  }

  static void renders(String template, String context, String expected) {
    assertThat(rendered(template, context)).as(template).isEqualTo(expected);
  }

  static String rendered(String template, String context) {
    return ChatTemplate.parse(template).render(json(context), RenderBounds.DEFAULT, NOW);
  }

  static ObjectNode json(String text) {
    try {
      return (ObjectNode) JsonMappers.PLAIN.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
