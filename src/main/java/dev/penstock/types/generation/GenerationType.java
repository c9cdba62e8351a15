package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import dev.penstock.models.GenerationTraits;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.TaskType;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The task type generation: a conversation or a text, and what a model goes on with. */
public final class GenerationType implements TaskType {
  public static final String NAME = "generation";

  private static final int SHOWN = 4_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String modelKind() {
    return GenerationTraits.KIND;
  }

  @Override
  public Class<?> settings() {
    return GenerationSettings.class;
  }

  @Override
  public @Nullable String defaultModel(Loaded settings) {
    return settings.group(GenerationSettings.class).model().orElse(null);
  }

  @Override
  public Duration timeout(Loaded settings) {
    return settings.group(GenerationSettings.class).timeout();
  }

  @Override
  public boolean takesText() {
    return true;
  }

  @Override
  public String inputSchema() {
    return GenerationSchemas.INPUT;
  }

  @Override
  public String outputSchema() {
    return GenerationSchemas.OUTPUT;
  }

  @Override
  public Form accept(JsonNode input, String name, @Nullable ModelSpec model) {
    GenerationInput.ofTask(input, name, model);
    return Form.JSON;
  }

  @Override
  public @Nullable Excerpt excerpt(TaskOutput output) {
    JsonNode result;
    try {
      result = StrictJson.parse(output.bytes());
    } catch (InvalidInput e) {
      return null;
    }
    var text = new StringBuilder();
    for (JsonNode choice : result.path("choices")) {
      JsonNode message = choice.path("message");
      text.append(text.isEmpty() ? "" : "\n\n")
          .append(choice.path("text").asText(message.path("content").asText("")));
      for (JsonNode call : message.path("tool_calls")) {
        JsonNode function = call.path("function");
        text.append(text.isEmpty() ? "" : "\n")
            .append(function.path("name").asText())
            .append(function.path("arguments").asText());
      }
    }
    JsonNode usage = result.path("usage");
    String summary =
        String.format(
            Locale.ROOT,
            "%,d tokens from %,d",
            usage.path("completion_tokens").asLong(),
            usage.path("prompt_tokens").asLong());
    String shown = StrictJson.whole(text.substring(0, Math.min(text.length(), SHOWN)));
    return new Excerpt(summary, text.length() > SHOWN ? shown + "…" : shown);
  }

  @Override
  public TaskHandler handler(HandlerParts parts) {
    return new GenerationHandler(
        parts.engines(), parts.settings().group(GenerationSettings.class).maxTokens());
  }
}
