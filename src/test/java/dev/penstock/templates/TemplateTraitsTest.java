package dev.penstock.templates;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TemplateTraitsTest {
  @Test
  void aTemplateOfMarksTakesRolesButNoPartsAndNoTools() {
    assertThat(traits(ConversationsTest.MARKS))
        .isEqualTo(new TemplateTraits(true, true, false, false, false, true));
  }

  @Test
  void aTemplateOfTurnsKnowsNoRoleOfTools() {
    assertThat(traits(ConversationsTest.TURNS))
        .isEqualTo(new TemplateTraits(false, true, false, false, false, false));
  }

  @Test
  void aTemplateWithToolsShowsThemAndTheirCalls() {
    assertThat(traits(ConversationsTest.TOOLS))
        .isEqualTo(new TemplateTraits(true, true, true, true, true, true));
  }

  @Test
  void aListThatIsPrintedAsSuchIsNotTaken() {
    assertThat(traits("{{ messages[0].content }}").textParts()).isFalse();
  }

  @Test
  void aTemplateThatRefusesTheSystemDoesNotTakeIt() {
    String template =
        """
        {% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}
        {{ m.content }}{% endfor %}\
        """;
    assertThat(traits(template).systemRole()).isFalse();
    assertThat(traits(template.replace("raise_exception('no')", "none + 1")).systemRole())
        .isFalse();
  }

  @Test
  void aTemplateThatAlwaysFaultsHasNoTraits() {
    assertThat(traits("{{ none + 1 }}"))
        .isEqualTo(new TemplateTraits(false, false, false, false, false, false));
  }

  private static TemplateTraits traits(String template) {
    return TemplateTraits.of(ChatTemplate.parse(template));
  }
}
