package dev.penstock.engine.llama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.json.JsonMappers;
import dev.penstock.templates.ChatTemplate;
import dev.penstock.templates.RenderBounds;
import dev.penstock.templates.TemplateFault;
import dev.penstock.templates.TemplateRefusal;
import dev.penstock.templates.TemplateTraits;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Makes a prompt of a conversation, by the model's chat template. Safe for use by many threads. */
final class ChatPrompt {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String MESSAGES = "messages";
  private static final String CONTENT = "content";

  private final String model;
  private final String begin;
  private final String end;
  private final @Nullable ChatTemplate template;
  private final @Nullable TemplateTraits traits;

  /** Why there is no template. */
  private final String whyNone;

  private ChatPrompt(
      String model,
      ModelInfo info,
      @Nullable ChatTemplate template,
      @Nullable TemplateTraits traits,
      String whyNone) {
    this.model = model;
    this.begin = info.beginText();
    this.end = info.endText();
    this.template = template;
    this.traits = traits;
    this.whyNone = whyNone;
  }

  /**
   * The prompts of a model. It blocks for as long as a few renderings take.
   *
   * @param source of its template; null: it has none
   */
  static ChatPrompt of(String model, ModelInfo info, @Nullable String source) {
    if (source == null) {
      return new ChatPrompt(
          model, info, null, null, "has no chat template: it takes prompts alone");
    }
    try {
      ChatTemplate template = ChatTemplate.parse(source);
      return new ChatPrompt(model, info, template, TemplateTraits.of(template), "");
    } catch (TemplateFault e) {
      return new ChatPrompt(
          model, info, null, null, "has a chat template that cannot be read: " + e.getMessage());
    }
  }

  /** Why no conversation can be had; empty: it can. */
  String whyNone() {
    return whyNone;
  }

  /**
   * The text that the model goes on with.
   *
   * @throws InvalidInput saying what the template cannot do
   */
  String render(Prompt.Chat chat, Instant now) {
    ChatTemplate known = template;
    TemplateTraits can = traits;
    if (known == null || can == null) {
      throw new InvalidInput(MESSAGES, "model " + model + " " + whyNone);
    }
    ObjectNode context = JSON.objectNode();
    context.put("bos_token", begin).put("eos_token", end).put("add_generation_prompt", true);
    context.set(MESSAGES, messages(chat.messages(), can));
    tools(chat.tools(), can, context);
    try {
      return known.render(
          context, RenderBounds.DEFAULT, LocalDateTime.ofInstant(now, ZoneId.systemDefault()));
    } catch (TemplateRefusal e) {
      throw new InvalidInput(
          MESSAGES, "model %s does not take these messages: %s".formatted(model, e.getMessage()));
    } catch (TemplateFault e) {
      throw new InvalidInput(
          MESSAGES,
          "model %s cannot make a prompt of these messages: %s".formatted(model, e.getMessage()));
    }
  }

  private void tools(Tools tools, TemplateTraits can, ObjectNode context) {
    if (tools.functions().isEmpty() || tools.choice() == Tools.Choice.NONE) {
      return;
    }
    if (tools.choice() != Tools.Choice.AUTO) {
      throw new InvalidInput("tool_choice", "model " + model + " cannot be held to call a tool");
    }
    if (!can.tools()) {
      throw new InvalidInput("tools", "model " + model + " has a chat template without tools");
    }
    context.set("tools", tools.functions());
  }

  /** As templates know them: those that know no parts get texts, arguments are objects. */
  private static ArrayNode messages(ArrayNode given, TemplateTraits can) {
    ArrayNode all = JSON.arrayNode();
    StringBuilder system = new StringBuilder();
    for (JsonNode each : given) {
      ObjectNode message = each.deepCopy();
      if (message.path("role").asText().equals("developer")) {
        message.put("role", "system");
      }
      if (message.path(CONTENT).isArray() && !can.textParts()) {
        message.put(CONTENT, text(message.path(CONTENT)));
      }
      message.path("tool_calls").forEach(ChatPrompt::readArguments);
      boolean isSystem = message.path("role").asText().equals("system");
      if (isSystem && !can.systemRole()) {
        system.append(text(message.path(CONTENT))).append("\n\n");
        continue;
      }
      if (!system.isEmpty() && message.path("role").asText().equals("user")) {
        message.put(CONTENT, system + text(message.path(CONTENT)));
        system.setLength(0);
      }
      all.add(message);
    }
    if (!system.isEmpty()) {
      all.addObject().put("role", "user").put(CONTENT, system.toString().strip());
    }
    return all;
  }

  private static String text(JsonNode content) {
    return content.isArray()
        ? StreamSupport.stream(content.spliterator(), false)
            .map(part -> part.path("text").asText())
            .collect(Collectors.joining())
        : content.asText("");
  }

  private static void readArguments(JsonNode call) {
    if (call.path("function") instanceof ObjectNode function
        && function.path("arguments").isTextual()) {
      try {
        JsonNode arguments = JsonMappers.FILES.readTree(function.path("arguments").textValue());
        if (arguments.isObject()) {
          function.set("arguments", arguments);
        }
      } catch (JsonProcessingException e) {
        // The model said it so: the template repeats it.
      }
    }
  }
}
