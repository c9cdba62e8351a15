package dev.penstock.types.generation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.GenerationRequest.Sampling;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.TaskId;
import dev.penstock.types.TaskType.Form;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a generation is given, read and checked.
 *
 * @param request all of it but the seed, where none is given
 * @param seed null: the task's id gives it
 * @param reply how it is answered
 * @param kept the body without what only says how to be answered
 */
public record GenerationInput(
    Shape shape, GenerationRequest request, @Nullable Long seed, Reply reply, ObjectNode kept) {
  /** How its answers are rendered. */
  public static final Form ANSWER = new AnswerForm();

  private static final String OBJECT = "object";
  private static final String PROMPT = "prompt";
  private static final Set<String> PLAIN = Set.of(PROMPT, "metadata", "model");
  private static final int MAX_MODEL = 200;

  /** Hexadecimal digits would do; an id's are of base 32. */
  private static final int BASE = 32;

  private static final int SEED_DIGITS = 12;

  /** Whether a conversation is gone on with, or a text as it is. */
  public enum Shape {
    CHAT("chat.completion"),
    TEXT("text_completion");

    private final String object;

    Shape(String object) {
      this.object = object;
    }

    /** What the answer calls itself. */
    String object() {
      return object;
    }
  }

  /**
   * How a request is to be answered.
   *
   * @param stream piece by piece
   * @param usage whether a stream tells at its end how many tokens it took
   * @param store whether it is to be kept; null: nothing is said
   * @param flex whether others may go first
   */
  public record Reply(boolean stream, boolean usage, @Nullable Boolean store, boolean flex) {}

  /**
   * The body of a route.
   *
   * @throws InvalidInput naming the field at fault
   */
  public static GenerationInput read(Fields body, Shape shape) {
    return new RequestReader(body, shape).read();
  }

  /**
   * The input of a task: a body of one of the routes, or what somebody says to a model.
   *
   * @param name what the request calls it
   */
  static GenerationInput ofTask(JsonNode input, String name, @Nullable ModelSpec model) {
    if (input.isTextual()) {
      if (input.textValue().isEmpty()) {
        throw Fields.problem(name, "must not be empty");
      }
      return said(input.textValue());
    }
    if (!input.isObject()) {
      throw Fields.problem(name, "must be a text, or an object with 'messages' or 'prompt'");
    }
    ObjectNode body = StrictJson.nodes().objectNode();
    input
        .properties()
        .forEach(each -> {
          if (!each.getValue().isNull()) {
            body.set(each.getKey(), each.getValue());
          }
        });
    var fields = new Fields(body, name + ".");
    String named = fields.textIfAny("model", MAX_MODEL);
    if (model != null
        && named != null
        && !named.equals(model.name())
        && !model.aliases().contains(named)) {
      throw fields.bad("model", "is another than the task's; say it beside 'type'");
    }
    if (!body.has(PROMPT) || body.has("messages")) {
      return read(fields, Shape.CHAT);
    }
    boolean plain = body.properties().stream().allMatch(each -> PLAIN.contains(each.getKey()));
    return plain ? said(RequestReader.prompt(fields)) : read(fields, Shape.TEXT);
  }

  /** A prompt alone is what a user says. */
  private static GenerationInput said(String prompt) {
    ObjectNode chat = StrictJson.nodes().objectNode();
    chat.putArray("messages").addObject().put("role", "user").put("content", prompt);
    return read(Fields.of(chat), Shape.CHAT);
  }

  /** A task's input as it is kept, read again where it runs. */
  static GenerationInput of(byte[] kept) {
    return ofTask(StrictJson.parse(kept), "input", null);
  }

  /** As a task's input. */
  public byte[] toJson() {
    ObjectNode body = StrictJson.nodes().objectNode();
    if (shape == Shape.TEXT) {
      body.put(OBJECT, shape.object());
    }
    body.setAll(kept);
    return StrictJson.write(json -> json.writeTree(body));
  }

  /**
   * What is to be made.
   *
   * @param task whose id is chance enough for a seed, and the same for each run of it
   * @param most tokens of an answer, where the request does not say
   */
  GenerationRequest request(TaskId task, int most) {
    Sampling asked = request.sampling();
    return new GenerationRequest(
        request.prompt(),
        request.choices(),
        request.mostTokens() == null ? Integer.valueOf(most) : request.mostTokens(),
        new Sampling(
            asked.temperature(),
            asked.topP(),
            asked.topK(),
            asked.minP(),
            asked.presence(),
            asked.frequency(),
            asked.bias(),
            seed == null ? seed(task) : seed),
        request.stops(),
        request.format(),
        request.topLogprobs(),
        request.passed());
  }

  /** Of the random end of the id. */
  private static long seed(TaskId task) {
    String id = task.value();
    return Long.parseLong(id.substring(id.length() - SEED_DIGITS), BASE);
  }
}
