package dev.penstock.templates;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.LocalDateTime;

/**
 * What a chat template makes use of, found by rendering small conversations: what it was written
 * for shows in the text, and what it does not know does not.
 *
 * @param generationPrompt it begins the answer where {@code add_generation_prompt} asks for that
 * @param systemRole it takes messages of the system
 * @param textParts it takes contents that are lists of parts of text, as it takes strings
 * @param tools it tells the model which tools there are
 * @param toolCalls it repeats the calls that the model made
 * @param toolResults it takes messages with what came of them
 */
public record TemplateTraits(
    boolean generationPrompt,
    boolean systemRole,
    boolean textParts,
    boolean tools,
    boolean toolCalls,
    boolean toolResults) {
  /** No word of any template. Letters alone: some templates want such ids, of this length. */
  private static final String MARK = "qzxmarkqz";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final LocalDateTime ANY_TIME = LocalDateTime.of(2026, 1, 1, 0, 0);

  /** It blocks while it renders. */
  public static TemplateTraits of(ChatTemplate template) {
    String plain = rendered(template, context(message("user", MARK)));
    ObjectNode unprompted = context(message("user", MARK));
    unprompted.put("add_generation_prompt", false);
    ObjectNode parts = message("user", "");
    parts.putArray("content").addObject().put("type", "text").put("text", MARK);
    ObjectNode tools = context(message("user", "a"));
    tools.putArray("tools").add(tool());
    return new TemplateTraits(
        plain.contains(MARK) && !plain.equals(rendered(template, unprompted)),
        marked(template, context(message("system", MARK), message("user", "a"))),
        plain.contains(MARK) && plain.equals(rendered(template, context(parts))),
        marked(template, tools),
        marked(template, calls(MARK, "a")),
        marked(template, calls("a", MARK)));
  }

  private static boolean marked(ChatTemplate template, ObjectNode context) {
    return rendered(template, context).contains(MARK);
  }

  /** Empty: it does not take that. */
  private static String rendered(ChatTemplate template, ObjectNode context) {
    try {
      return template.render(context, RenderBounds.DEFAULT, ANY_TIME);
    } catch (TemplateFault | TemplateRefusal e) {
      return "";
    }
  }

  private static ObjectNode context(ObjectNode... messages) {
    ObjectNode context = JSON.objectNode();
    context.put("bos_token", "").put("eos_token", "").put("add_generation_prompt", true);
    ArrayNode all = context.putArray("messages");
    for (ObjectNode message : messages) {
      all.add(message);
    }
    return context;
  }

  private static ObjectNode message(String role, String content) {
    return JSON.objectNode().put("role", role).put("content", content);
  }

  private static ObjectNode calls(String name, String result) {
    ObjectNode call = message("assistant", "");
    ObjectNode function = call.putArray("tool_calls").addObject().put("type", "function");
    function.put("id", "abcdefghi").putObject("function").put("name", name).putObject("arguments");
    ObjectNode answer = message("tool", result);
    answer.put("name", "a").put("tool_call_id", "abcdefghi");
    ObjectNode context = context(message("user", "a"), call, answer);
    context.putArray("tools").add(tool());
    // The tools are told as well, and must not be taken for the call.
    ((ObjectNode) context.at("/tools/0/function")).put("name", "a");
    return context;
  }

  private static ObjectNode tool() {
    ObjectNode tool = JSON.objectNode().put("type", "function");
    ObjectNode function = tool.putObject("function").put("name", MARK).put("description", "a");
    ObjectNode parameters = function.putObject("parameters").put("type", "object");
    parameters.putObject("properties").putObject("a").put("type", "string").put("description", "a");
    parameters.putArray("required").add("a");
    return tool;
  }
}
