package dev.penstock.templates;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Set;

/**
 * A model's chat template: the program, in Jinja, that makes one text of a conversation. It is
 * rendered as Hugging Face's transformers do it, whatever it holds: it reaches nothing but its
 * context, and ends within bounds. Safe for any number of threads.
 */
public final class ChatTemplate {
  /** The longest of the well-known ones has 17,000 characters. */
  private static final int MAX_SOURCE = 1 << 20;

  private final List<Statement> body;
  private final Set<String> names;

  private ChatTemplate(List<Statement> body, Set<String> names) {
    this.body = body;
    this.names = names;
  }

  /**
   * A template, read from its source.
   *
   * @throws TemplateFault when it is none
   */
  public static ChatTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new TemplateFault(1, "it is longer than " + MAX_SOURCE + " characters");
    }
    Parser.Parsed parsed = Parser.parse(source);
    return new ChatTemplate(parsed.body(), parsed.names());
  }

  /**
   * The text for these messages. It blocks for as long as the rendering takes.
   *
   * @param context {@code messages}, {@code tools}, {@code add_generation_prompt}, the model's
   *     special tokens, and whatever else the template knows
   * @param now what {@code strftime_now} says; kept with a request, it gives the same text again
   * @throws TemplateRefusal when the template itself says that it cannot take them
   * @throws TemplateFault when it goes wrong, or past its bounds
   */
  public String render(ObjectNode context, RenderBounds bounds, LocalDateTime now) {
    var meter = new Meter(bounds);
    var values = new Values(meter);
    var scope = new Scope(new Globals(meter, values, now).scope());
    context.properties().forEach(each -> scope.set(each.getKey(), values.of(each.getValue())));
    boolean takesMore = mentions("varargs") || mentions("kwargs");
    return new Interpreter(meter, values, takesMore).run(body, scope);
  }

  /** Whether the template looks at a name, such as {@code tools}, anywhere. */
  public boolean mentions(String name) {
    return names.contains(name);
  }
}
