package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a JSON Schema says, as it is read here. */
final class Schemas {
  private static final Set<String> TYPES =
      Set.of("object", "array", "string", "number", "integer", "boolean", "null");
  private static final Set<String> OBJECTS =
      Set.of("properties", "required", "additionalProperties", "minProperties", "maxProperties");
  private static final Set<String> ARRAYS = Set.of("items", "prefixItems", "minItems", "maxItems");
  private static final Set<String> STRINGS = Set.of("minLength", "maxLength", "pattern");
  private static final Set<String> NUMBERS =
      Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");

  private Schemas() {}

  /**
   * The types that a value may have: those that it names, else the one that its keywords speak of.
   * Empty: any.
   */
  static List<String> types(JsonNode schema, Unheld unheld, String at) {
    JsonNode type = schema.get("type");
    List<String> types = new ArrayList<>();
    if (type != null && type.isTextual()) {
      types.add(type.textValue());
    } else if (type != null && type.isArray()) {
      type.forEach(each -> types.add(each.asText()));
    } else if (type != null) {
      throw unheld.bad(at, "has a type that is none");
    } else if (hasAny(schema, OBJECTS)) {
      types.add("object");
    } else if (hasAny(schema, ARRAYS)) {
      types.add("array");
    } else if (hasAny(schema, STRINGS) || Formats.known(schema.path("format").asText())) {
      types.add("string");
    } else if (hasAny(schema, NUMBERS)) {
      types.add("number");
    }
    if (!TYPES.containsAll(types) || (type != null && types.isEmpty())) {
      throw unheld.bad(at, "has a type that is none");
    }
    if (schema.path("nullable").asBoolean() && !types.isEmpty() && !types.contains("null")) {
      types.add("null");
    }
    return types;
  }

  private static boolean hasAny(JsonNode schema, Set<String> keywords) {
    return keywords.stream().anyMatch(schema::has);
  }

  /** Whether a value is of one of these types; of none: of any. */
  static boolean isOf(JsonNode value, List<String> types) {
    return types.isEmpty()
        || types.stream()
            .anyMatch(type ->
                switch (type) {
                  case "object" -> value.isObject();
                  case "array" -> value.isArray();
                  case "string" -> value.isTextual();
                  case "number" -> value.isNumber();
                  case "integer" -> isWhole(value);
                  case "boolean" -> value.isBoolean();
                  default -> value.isNull();
                });
  }

  private static boolean isWhole(JsonNode value) {
    return value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
  }

  /** Whether two values are one: 1 is 1.0. */
  static boolean equal(JsonNode one, JsonNode two) {
    return (one.isNumber() && two.isNumber())
        ? one.decimalValue().compareTo(two.decimalValue()) == 0
        : one.equals(two);
  }

  /** The only values that a schema allows; null: it names none. */
  static @Nullable List<JsonNode> values(JsonNode schema) {
    List<JsonNode> values = new ArrayList<>();
    if (schema.has("const")) {
      values.add(schema.get("const"));
    } else if (schema.path("enum").isArray()) {
      schema.get("enum").forEach(values::add);
    } else {
      return null;
    }
    return values;
  }
}
