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
 * @param fields the input's properties, as its schema tells them
 * @param more how many there are besides
 */
public record InputType(String name, List<Field> fields, int more) {
  /** A schema may name any number of properties; a hint is no place for all of them. */
  private static final int MOST = 12;

  private static final int MAX_WORDS = 60;
  private static final String PING = "ping";

  /**
   * One property.
   *
   * @param kind its types and whether it has to be there; empty: nothing is known of it
   */
  public record Field(String name, String kind) {}

  public InputType {
    fields = List.copyOf(fields);
  }

  static InputType of(TaskType type) {
    return of(type.name(), type.inputSchema());
  }

  /** A schema that is no JSON object tells nothing, and is no reason to fail. */
  static InputType of(String name, String schema) {
    JsonNode root;
    try {
      root = JsonMappers.PLAIN.readTree(schema);
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
    return new InputType(name, fields, count - fields.size());
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

  public boolean takesText() {
    return name.equals(NewTask.TEXT_TYPE);
  }

  /** What stands in the form at first: a ping that can be watched, else nothing but the form. */
  public String example() {
    return name.equals(PING) ? "{\"sleep_ms\": 5000, \"steps\": 10}" : "{}";
  }

  /** The name of the form's field: each type has one, for hidden ones are sent too. */
  public String field() {
    return field(name);
  }

  static String field(String type) {
    return "json-" + type;
  }
}
