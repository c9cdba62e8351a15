package dev.penstock.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.JsonMappers;
import dev.penstock.templates.ChatTemplate;
import dev.penstock.templates.RenderBounds;
import dev.penstock.templates.TemplateFault;
import dev.penstock.templates.TemplateRefusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;

/**
 * Chat templates of public models, rendered beside what Python's Jinja makes of them. Where that
 * refuses a case, so must we: with the template's own words, or as a fault of the template.
 */
final class TemplateCases {
  static final String FILE = "chat-templates.json";

  /** When the expected texts were made, as far as they tell. */
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 2, 3, 4);

  private static final String REFUSAL = "TemplateError: ";

  private TemplateCases() {}

  /** Prints how many are right, and which are not; whether all are. */
  static boolean allRight(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      System.out.println("there is no " + file + ": chat templates are not compared");
      return true;
    }
    JsonNode cases = JsonMappers.PLAIN.readTree(Files.readAllBytes(file));
    int right = 0;
    for (JsonNode each : cases) {
      String expected = expected(each);
      String rendered = rendered(each);
      if (rendered.equals(expected)) {
        right++;
      } else {
        System.err.printf(
            "%s, %s:%n  expected %s%n  got      %s%n",
            each.path("template").asText(),
            each.path("case").asText(),
            fromDifference(expected, rendered),
            fromDifference(rendered, expected));
      }
    }
    System.out.printf("%d of %d chat templates are rendered right%n%n", right, cases.size());
    return right == cases.size();
  }

  private static String expected(JsonNode each) {
    if (each.has("ok")) {
      return "text: " + each.get("ok").textValue();
    }
    String error = each.path("error").asText();
    return error.startsWith(REFUSAL) ? "refusal: " + error.substring(REFUSAL.length()) : "fault";
  }

  private static String rendered(JsonNode each) {
    try {
      ChatTemplate template = ChatTemplate.parse(each.path("src").asText());
      return "text: " + template.render((ObjectNode) each.get("vars"), RenderBounds.DEFAULT, NOW);
    } catch (TemplateRefusal e) {
      return "refusal: " + e.getMessage();
    } catch (TemplateFault e) {
      return "fault";
    }
  }

  private static String fromDifference(String text, String other) {
    int same = 0;
    while (same < Math.min(text.length(), other.length())
        && text.charAt(same) == other.charAt(same)) {
      same++;
    }
    String part = text.substring(Math.max(0, same - 40), Math.min(text.length(), same + 80));
    return part.replace("\n", "\\n");
  }
}
