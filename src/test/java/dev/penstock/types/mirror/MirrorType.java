package dev.penstock.types.mirror;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.EngineStopped;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.mirror.Mirror;
import dev.penstock.engine.mirror.MirrorTraits;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.ModelRuns;
import dev.penstock.types.TaskType;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The task type of mirrors: a text, and it the other way round. */
public final class MirrorType implements TaskType {
  private static final String NAME = "reflection";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String modelKind() {
    return MirrorTraits.KIND;
  }

  @Override
  public Class<?> settings() {
    return MirrorSettings.class;
  }

  @Override
  public @Nullable String defaultModel(Loaded settings) {
    return settings.group(MirrorSettings.class).model().orElse(null);
  }

  @Override
  public String inputSchema() {
    return "{\"type\": \"string\"}";
  }

  @Override
  public String outputSchema() {
    return "{\"type\": \"object\", \"properties\": {\"reflection\": {\"type\": \"string\"}}}";
  }

  @Override
  public boolean takesText() {
    return true;
  }

  @Override
  public Form accept(JsonNode input, String name, @Nullable ModelSpec model) {
    int longest = MirrorTraits.of(Objects.requireNonNull(model)).longest();
    if (!input.isTextual() || input.textValue().length() > longest) {
      throw Fields.problem(name, "must be a text of at most " + longest + " letters");
    }
    return Form.JSON;
  }

  @Override
  public TaskHandler handler(HandlerParts parts) {
    return new Handler(new ModelRuns(parts.engines(), MirrorTraits.KIND));
  }

  private final class Handler implements TaskHandler {
    private final ModelRuns runs;

    Handler(ModelRuns runs) {
      this.runs = runs;
    }

    @Override
    public String type() {
      return NAME;
    }

    @Override
    public String inputSchema() {
      return MirrorType.this.inputSchema();
    }

    @Override
    public String outputSchema() {
      return MirrorType.this.outputSchema();
    }

    @Override
    public Outcome run(Task task, Control control) throws InterruptedException {
      return runs.run(
          task.spec(),
          model -> {
            JsonNode input = StrictJson.parse(task.spec().input());
            accept(input, "input", model);
            return use -> reflect(model, use, input.textValue());
          });
    }

    private static Outcome reflect(ModelSpec model, ModelEngines.Use use, String text)
        throws InterruptedException, ModelFailure {
      try {
        String reflection = use.engine(Mirror.class).reflect(text).get();
        return new Outcome.Done(TaskOutput.of(Map.of("reflection", reflection)));
      } catch (ExecutionException | EngineStopped e) {
        throw new ModelFailure(model.name(), e);
      }
    }
  }
}
