package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Makes one schema of two that both have to be met, keyword by keyword. */
final class SchemaMerge {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MOST_BRANCHES = 64;

  private final Unheld unheld;
  private final String at;

  /**
   * @param at where in the schema they stand
   */
  SchemaMerge(Unheld unheld, String at) {
    this.unheld = unheld;
    this.at = at;
  }

  JsonNode of(JsonNode one, JsonNode two) {
    if (one.isBoolean() || two.isBoolean()) {
      boolean never = isFalse(one) || isFalse(two);
      return never ? JSON.booleanNode(false) : one.isBoolean() ? two : one;
    }
    ObjectNode merged = JSON.objectNode().setAll((ObjectNode) one);
    if (!one.has("properties") || !two.has("properties")) {
      // They say nothing of each other's members.
      two.properties().forEach(each -> keyword(merged, each));
      return merged;
    }
    closed(one, two);
    closed(two, one);
    two.properties().forEach(each -> keyword(merged, each));
    return merged;
  }

  /** A schema that takes no members but its own, where the other has more of them. */
  private void closed(JsonNode one, JsonNode two) {
    boolean more =
        StreamSupport.stream(
                ((Iterable<String>) () -> two.get("properties").fieldNames()).spliterator(), false)
            .anyMatch(name -> !one.get("properties").has(name));
    if (more && isFalse(one.path("additionalProperties"))) {
      unheld.loosen(at, "additionalProperties");
    }
  }

  private void keyword(ObjectNode into, Map.Entry<String, JsonNode> each) {
    String name = each.getKey();
    JsonNode its = each.getValue();
    JsonNode mine = into.get(name);
    if (mine == null) {
      into.set(name, its);
      return;
    }
    if (mine.equals(its)) {
      return;
    }
    switch (name) {
      case "type" -> into.set(name, types(mine, its));
      case "properties" -> into.set(name, members(mine, its));
      case "required" -> into.set(name, union(mine, its));
      case "enum" -> into.set(name, shared(mine, its));
      case "const" -> throw new Impossible();
      case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" ->
          into.set(name, larger(mine, its) ? mine : its);
      case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties" ->
          into.set(name, larger(mine, its) ? its : mine);
      case "items", "additionalProperties" -> into.set(name, both(mine, its));
      case "anyOf", "oneOf" -> into.set(name, product(mine, its));
      case "allOf" -> into.set(name, union(mine, its));
      case "nullable" -> into.put(name, mine.asBoolean() && its.asBoolean());
      case "pattern", "format", "prefixItems", "multipleOf", "not" -> unheld.loosen(at, name);
      default -> {} // whoever reads it asks for neither, or it is an annotation
    }
  }

  private static boolean isFalse(JsonNode schema) {
    return schema.isBoolean() && !schema.booleanValue();
  }

  private static boolean larger(JsonNode one, JsonNode two) {
    return one.decimalValue().compareTo(two.decimalValue()) >= 0;
  }

  private static JsonNode both(JsonNode one, JsonNode two) {
    if (one.isBoolean() || two.isBoolean()) {
      boolean never = isFalse(one) || isFalse(two);
      return never ? JSON.booleanNode(false) : one.isBoolean() ? two : one;
    }
    ObjectNode all = JSON.objectNode();
    all.putArray("allOf").add(one).add(two);
    return all;
  }

  private static Set<String> names(JsonNode types) {
    return types.isArray()
        ? StreamSupport.stream(types.spliterator(), false)
            .map(JsonNode::asText)
            .collect(Collectors.toCollection(LinkedHashSet::new))
        : Set.of(types.asText());
  }

  private static ArrayNode types(JsonNode one, JsonNode two) {
    Set<String> others = names(two);
    ArrayNode types = JSON.arrayNode();
    for (String name : names(one)) {
      if (others.contains(name) || (name.equals("integer") && others.contains("number"))) {
        types.add(name);
      } else if (name.equals("number") && others.contains("integer")) {
        types.add("integer");
      }
    }
    if (types.isEmpty()) {
      throw new Impossible();
    }
    return types;
  }

  private static ObjectNode members(JsonNode one, JsonNode two) {
    ObjectNode members = JSON.objectNode().setAll((ObjectNode) one);
    two.properties()
        .forEach(each -> {
          JsonNode mine = members.get(each.getKey());
          boolean same = mine == null || mine.equals(each.getValue());
          members.set(each.getKey(), same ? each.getValue() : both(mine, each.getValue()));
        });
    return members;
  }

  private static ArrayNode union(JsonNode one, JsonNode two) {
    Set<JsonNode> all = new LinkedHashSet<>();
    one.forEach(all::add);
    two.forEach(all::add);
    return JSON.arrayNode().addAll(all);
  }

  private static ArrayNode shared(JsonNode one, JsonNode two) {
    ArrayNode shared = JSON.arrayNode();
    for (JsonNode each : one) {
      for (JsonNode other : two) {
        if (Schemas.equal(each, other)) {
          shared.add(each);
          break;
        }
      }
    }
    return shared;
  }

  /** One of these and one of those. */
  private ArrayNode product(JsonNode one, JsonNode two) {
    ArrayNode all = JSON.arrayNode();
    if ((long) one.size() * two.size() > MOST_BRANCHES) {
      throw unheld.bad(at, "has too many alternatives");
    }
    for (JsonNode mine : one) {
      for (JsonNode its : two) {
        all.add(both(mine, its));
      }
    }
    return all;
  }
}
