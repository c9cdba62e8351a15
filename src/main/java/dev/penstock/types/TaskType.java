package dev.penstock.types;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a task type says of itself: how its inputs are accepted, how its results are rendered, and
 * what runs it. One that has no form of its own for results needs no more than those without a
 * default.
 */
public interface TaskType {
  /** As large as a result in JSON may be. */
  int MAX_RESULT = 16 << 20;

  String name();

  /**
   * The kind of model that its tasks are for: each model of that kind has a lane of its own. Null:
   * they are for none.
   */
  default @Nullable String modelKind() {
    return null;
  }

  /** Its own settings, as {@link dev.penstock.config.Setting} tells. Null: it has none. */
  default @Nullable Class<?> settings() {
    return null;
  }

  /**
   * The model of tasks that name none, by name or alias: the setting {@code <type>.model}. Null:
   * each has to name one.
   */
  default @Nullable String defaultModel(Loaded settings) {
    return null;
  }

  /** Whether a text alone is an input: then people are asked for one, and not for JSON. */
  default boolean takesText() {
    return false;
  }

  /** Whether its runs may emit pieces of their results: then whoever follows a task listens. */
  default boolean emits() {
    return true;
  }

  /** An input to begin with, in JSON, for people who try the type out. */
  default String example() {
    return "{}";
  }

  /** JSON Schema (2020-12) of the input, for who asks: {@link #accept} decides. */
  String inputSchema();

  /** JSON Schema (2020-12) of the result. */
  String outputSchema();

  /**
   * Reads an input: at submit, and again where it runs.
   *
   * @param input not JSON null
   * @param name what the request calls it
   * @param model null where the type uses none
   * @return how results are rendered that this input asks for
   * @throws InvalidInput naming the field at fault
   */
  Form accept(JsonNode input, String name, @Nullable ModelSpec model);

  /**
   * Looks at a form that was accepted, where it is asked for: it may be logged, or refused by a
   * setting.
   *
   * @param name what the request calls the input; empty: the members of it are the body's own
   * @return headers of the reply that say what is doubtful about it
   * @throws InvalidInput naming the field at fault
   */
  default Map<String, String> warnings(
      Form form, String name, @Nullable ModelSpec model, Loaded settings) {
    return Map.of();
  }

  /**
   * How long a task waits before it is tried again; null: as the settings say.
   *
   * @param attempts how many have failed, 1 or more
   */
  default @Nullable Duration retryAfter(int attempts) {
    return null;
  }

  /** How long one run of a task may take that does not say; null: as the settings of all say. */
  default @Nullable Duration timeout(Loaded settings) {
    return null;
  }

  /** Makes what its first input would have to wait for. */
  default void warmUp() {}

  /** Makes what runs its tasks; only where tasks run. Its parts live as long as the program. */
  TaskHandler handler(HandlerParts parts);

  /** The same form as {@link #accept} answered, of an input that was accepted before. */
  default Form form(byte[] input) {
    return Form.JSON;
  }

  /** A result on its way from a worker to the server, as a value of the worker protocol. */
  default void write(JsonGenerator json, TaskOutput output) throws IOException {
    Form.JSON.write(json, output, null);
  }

  /**
   * The result that a worker sent, checked: it may be broken, or somebody else's.
   *
   * @param request the message that the result is a member of
   * @param result its bytes, as {@link #write} makes them; not empty
   * @param model null where the task is for none, or for one that is not known here
   * @throws InvalidInput naming the field at fault
   */
  default TaskOutput read(Fields request, byte[] result, Task task, @Nullable ModelSpec model) {
    if (result.length > MAX_RESULT) {
      throw request.bad("result", "may have at most " + MAX_RESULT + " bytes");
    }
    return new TaskOutput(TaskOutput.Format.JSON, result);
  }

  /** The beginning of a result for people; null: the beginning of its JSON. */
  default @Nullable Excerpt excerpt(TaskOutput output) {
    return null;
  }

  /**
   * A part of a result, as a page shows it.
   *
   * @param summary what it is, in a few words
   */
  record Excerpt(String summary, String text) {}

  /** How a result is rendered for clients. */
  interface Form {
    /** The result as it is kept, but for half characters. */
    Form JSON = (json, output, _) -> StrictJson.writeRaw(json, StrictJson.whole(output.bytes()));

    void write(JsonGenerator json, TaskOutput output, @Nullable String model) throws IOException;

    /** What a reply says of the result in its headers. */
    default Map<String, String> headers(TaskOutput output) {
      return Map.of();
    }
  }
}
