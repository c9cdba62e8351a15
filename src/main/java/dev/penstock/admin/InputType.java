package dev.penstock.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.JsonMappers;
import dev.penstock.types.TaskType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A task type in the form for new tasks, and what its input may hold.
 *
 * @param takesText a text is asked for, and not JSON
 * @param usesModels a model has to be chosen
 * @param example what stands in the form at first, in JSON
 * @param fields the input's properties, as its schema tells them
 * @param more how many there are besides
 */
public record InputType(
    String name,
    boolean takesText,
    boolean usesModels,
    String example,
    List<Field> fields,
    int more) {
  /** A schema may name any number of properties; a hint is no place for all of them. */
  private static final int MOST = 12;

  private static final int MAX_WORDS = 60;

  /**
   * One property.
   *
   * @param kind its types and whether it has to be there; empty: nothing is known of it
   */
  public record Field(String name, String kind) {}

  public InputType {
    fields = List.copyOf(fields);
  }

  /** A schema that is no JSON object tells nothing, and is no reason to fail. */
  static InputType of(TaskType type) {
    JsonNode root;
    try {
      root = JsonMappers.PLAIN.readTree(type.inputSchema());
    } catch (JsonProcessingException e) {
      root = JsonMappers.PLAIN.missingNode();
    }
    Set<String> required = new HashSet<>();
    root.path("required").forEach(each -> required.add(each.asText()));
    List<Field> fields = new ArrayList<>();
    int count = 0;
    for (var property : root.path("properties").properties()) {
      if (count++ < MOST) {
        fields.add(
            new Field(
                cut(property.getKey()),
                kind(property.getValue(), required.contains(property.getKey()))));
      }
    }
    return new InputType(
        type.name(),
        type.takesText(),
        type.modelKind() != null,
        type.example(),
        fields,
        count - fields.size());
  }

  private static String kind(JsonNode property, boolean required) {
    List<String> words = new ArrayList<>();
    JsonNode type = property.path("type");
    if (type.isTextual()) {
      words.add(cut(type.asText()));
    } else if (type.isArray()) {
      List<String> types = new ArrayList<>();
      type.forEach(each -> types.add(each.asText()));
      words.add(cut(String.join(" or ", types)));
    }
    if (required) {
      words.add("required");
    }
    return String.join(", ", words);
  }

  private static String cut(String words) {
    return words.length() > MAX_WORDS ? words.substring(0, MAX_WORDS) + "…" : words;
  }

  /**
   * The name of the form's field for the input: each type has one, for hidden ones are sent too.
   */
  public String field() {
    return (takesText ? "text-" : "json-") + name;
  }

  /** The name of the form's field for the model. */
  public String modelField() {
    return "model-" + name;
  }
}
