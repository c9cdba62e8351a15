package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON Schema as rules of a grammar. What they let through keeps to the schema, but for what is
 * {@link Unheld}; not all that keeps to it is let through: members come in the schema's order.
 */
final class SchemaRules {
  private static final int MAX_DEPTH = 40;
  private static final int MOST_STEPS = 10_000;
  private static final int MOST_REFERENCES = 16;
  private static final int MOST_TIMES = 100_000;

  /** What JSON Schema holds values to, and no grammar of ours does. */
  private static final List<String> UNHELD =
      List.of(
          "not",
          "if",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "contains",
          "patternProperties",
          "propertyNames",
          "$dynamicRef",
          "$recursiveRef");

  /** What says nothing of a value beside a reference. */
  private static final Set<String> REMARKS =
      Set.of("title", "description", "default", "examples", "example", "deprecated", "$comment");

  private final JsonNode root;
  private final Rules rules;
  private final JsonRules json;
  private final Unheld unheld;
  private final Map<String, String> references = new HashMap<>();
  private final Map<String, Boolean> impossible = new HashMap<>();
  private int depth;
  private int steps;

  /**
   * @param root what references within a schema begin at
   */
  SchemaRules(JsonNode root, JsonRules json, Unheld unheld) {
    this.root = root;
    this.rules = json.rules();
    this.json = json;
    this.unheld = unheld;
  }

  /**
   * The rule for the whole schema.
   *
   * @throws dev.penstock.core.InvalidInput when it is none, or is not held and has to be
   */
  String rule() {
    try {
      return value(root, "#");
    } catch (Impossible e) {
      throw unheld.bad("#", "is met by no value");
    }
  }

  private String value(JsonNode schema, String at) {
    if (schema.isBoolean()) {
      if (!schema.booleanValue()) {
        throw new Impossible();
      }
      return json.any();
    }
    if (!schema.isObject()) {
      throw unheld.bad(at, "is none");
    }
    if (++steps > MOST_STEPS) {
      throw unheld.bad("#", "is too large");
    }
    if (++depth > MAX_DEPTH) {
      throw unheld.bad(at, "is nested too deeply");
    }
    try {
      return object((ObjectNode) schema, at);
    } finally {
      depth--;
    }
  }

  private String object(ObjectNode schema, String at) {
    if (schema.has("$ref")) {
      return reference(schema, at);
    }
    for (String keyword : UNHELD) {
      if (schema.has(keyword)) {
        unheld.loosen(at, keyword);
      }
    }
    for (String keyword : List.of("unevaluatedProperties", "unevaluatedItems")) {
      if (schema.has(keyword) && !schema.get(keyword).isBoolean()) {
        unheld.loosen(at, keyword);
      }
    }
    if (schema.has("allOf")) {
      return value(merged(schema, "allOf", at), at);
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (schema.has(keyword)) {
        return alternatives(schema, keyword, at);
      }
    }
    List<String> types = Schemas.types(schema, unheld, at);
    List<JsonNode> values = Schemas.values(schema);
    if (values != null) {
      return named(schema, values, types, at);
    }
    if (types.isEmpty()) {
      return json.any();
    }
    List<String> branches = new ArrayList<>();
    for (String type : types) {
      try {
        branches.add(typed(schema, type, at));
      } catch (Impossible e) {
        if (types.size() == 1) {
          throw e;
        }
      }
    }
    return oneOf(branches, at);
  }

  private String oneOf(List<String> branches, String at) {
    List<String> all = branches.stream().distinct().toList();
    if (all.isEmpty()) {
      throw new Impossible();
    }
    return all.size() == 1 ? all.getFirst() : rules.add(hint(at), String.join(" | ", all));
  }

  private static String hint(String at) {
    return at.substring(at.lastIndexOf('/') + 1);
  }

  private String typed(ObjectNode schema, String type, String at) {
    return switch (type) {
      case "object" -> members(schema, at);
      case "array" -> items(schema, at);
      case "string" -> text(schema, at);
      case "integer" -> number(schema, at, true);
      case "number" -> number(schema, at, false);
      case "boolean" -> rules.add("boolean", "\"true\" | \"false\"");
      default -> rules.add("null", "\"null\"");
    };
  }

  // References, and schemas that are put together.

  private String reference(ObjectNode schema, String at) {
    ObjectNode beside = shallow(schema);
    beside.remove("$ref");
    beside.remove(REMARKS);
    beside.remove(List.of("$defs", "definitions", "$schema", "$id"));
    String to = schema.get("$ref").asText();
    if (!beside.isEmpty()) {
      JsonNode target = resolved(schema, at);
      return value(target, at);
    }
    if (Boolean.TRUE.equals(impossible.get(to))) {
      throw new Impossible();
    }
    String known = references.get(to);
    if (known != null) {
      return known;
    }
    String name = rules.reserve(hint(to));
    references.put(to, name);
    try {
      rules.put(name, value(target(to, at), to));
    } catch (Impossible e) {
      impossible.put(to, true);
      references.remove(to);
      throw e;
    }
    return name;
  }

  /** A copy without some members; what is in the others stays as it is. */
  private static ObjectNode shallow(JsonNode schema) {
    return JsonNodeFactory.instance.objectNode().setAll((ObjectNode) schema);
  }

  private JsonNode target(String to, String at) {
    JsonNode target =
        to.equals("#") ? root : to.startsWith("#/") ? root.at(unescaped(to.substring(1))) : null;
    if (target == null || target.isMissingNode()) {
      throw unheld.bad(at, "refers to what is not there");
    }
    return target;
  }

  private static String unescaped(String pointer) {
    try {
      return URLDecoder.decode(pointer.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return pointer;
    }
  }

  /** A schema with what it refers to in it. */
  private JsonNode resolved(JsonNode schema, String at) {
    JsonNode resolved = schema;
    for (int i = 0; resolved.has("$ref"); i++) {
      if (i == MOST_REFERENCES) {
        throw unheld.bad(at, "refers on and on");
      }
      ObjectNode beside = shallow(resolved);
      String to = resolved.get("$ref").asText();
      beside.remove("$ref");
      beside.remove(REMARKS);
      resolved = new SchemaMerge(unheld, at).of(target(to, at), beside);
    }
    return resolved;
  }

  private JsonNode merged(ObjectNode schema, String keyword, String at) {
    ObjectNode rest = shallow(schema);
    JsonNode all = rest.remove(keyword);
    if (!all.isArray()) {
      throw unheld.bad(at, "has a list that is none");
    }
    JsonNode merged = rest;
    for (JsonNode each : all) {
      merged = new SchemaMerge(unheld, at).of(merged, resolved(each, at));
    }
    return merged;
  }

  private String alternatives(ObjectNode schema, String keyword, String at) {
    ObjectNode rest = shallow(schema);
    JsonNode all = rest.remove(keyword);
    if (!all.isArray() || all.isEmpty()) {
      throw unheld.bad(at, "has a list that is none");
    }
    rest.remove(REMARKS);
    rest.remove(List.of("$defs", "definitions", "$schema", "$id"));
    if (keyword.equals("oneOf") && !apart(all, at)) {
      unheld.loosen(at, keyword);
    }
    List<String> branches = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      try {
        String place = at + "/" + keyword + "/" + i;
        JsonNode branch = all.get(i);
        branches.add(
            rest.isEmpty()
                ? value(branch, place)
                : value(new SchemaMerge(unheld, place).of(rest, resolved(branch, place)), place));
      } catch (Impossible e) {
        // The others are left.
      }
    }
    return oneOf(branches, at);
  }

  /** Whether it shows that no value meets two of these. */
  private boolean apart(JsonNode all, String at) {
    for (int i = 0; i < all.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (!apart(resolved(all.get(i), at), resolved(all.get(j), at), at)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean apart(JsonNode one, JsonNode two, String at) {
    List<JsonNode> ones = Schemas.values(one);
    List<JsonNode> twos = Schemas.values(two);
    if (ones != null && twos != null) {
      return ones.stream()
          .noneMatch(mine -> twos.stream().anyMatch(its -> Schemas.equal(mine, its)));
    }
    List<String> types = Schemas.types(one, unheld, at);
    List<String> others = Schemas.types(two, unheld, at);
    if (!types.isEmpty() && !others.isEmpty()) {
      boolean shared =
          types.stream()
              .anyMatch(type ->
                  others.contains(type)
                      || (type.equals("integer") && others.contains("number"))
                      || (type.equals("number") && others.contains("integer")));
      if (!shared) {
        return true;
      }
    }
    for (JsonNode name : one.path("required")) {
      JsonNode mine = one.path("properties").path(name.asText());
      JsonNode its = two.path("properties").path(name.asText());
      boolean both = false;
      for (JsonNode other : two.path("required")) {
        both |= other.equals(name);
      }
      if (both && Schemas.values(mine) != null && Schemas.values(its) != null) {
        return apart(mine, its, at);
      }
    }
    return false;
  }

  // Values.

  /** The values that a schema names, of those that it allows otherwise. */
  private String named(ObjectNode schema, List<JsonNode> values, List<String> types, String at) {
    List<String> branches = new ArrayList<>();
    for (JsonNode value : values) {
      if (Schemas.isOf(value, types)) {
        branches.add(Rules.literal(value.toString()));
      }
    }
    for (String keyword : List.of("minimum", "maximum", "pattern", "minLength", "maxLength")) {
      if (schema.has(keyword)) {
        unheld.loosen(at, keyword);
      }
    }
    return oneOf(branches, at);
  }

  private String text(ObjectNode schema, String at) {
    int least = times(schema, "minLength", 0, at);
    int most = times(schema, "maxLength", Node.ENDLESS, at);
    boolean bounded = least > 0 || most != Node.ENDLESS;
    String inside = null;
    if (schema.has("pattern")) {
      inside = PatternRules.of(schema.get("pattern").asText(), json.character() + "*");
      if (inside == null) {
        unheld.loosen(at, "pattern");
      }
    }
    String format = schema.path("format").asText();
    if (Formats.known(format)) {
      if (inside == null) {
        inside = Formats.rule(format);
      } else {
        unheld.loosen(at, "format");
      }
    }
    if (inside != null && bounded) {
      unheld.loosen(at, least > 0 ? "minLength" : "maxLength");
    }
    if (least > most) {
      throw new Impossible();
    }
    if (inside == null && !bounded) {
      return json.string();
    }
    return rules.add(
        hint(at),
        "\"\\\"\" %s \"\\\"\""
            .formatted(inside == null ? json.character() + JsonRules.times(least, most) : inside));
  }

  private int times(ObjectNode schema, String keyword, int otherwise, String at) {
    JsonNode given = schema.get(keyword);
    if (given == null) {
      return otherwise;
    }
    if (!given.isNumber() || given.doubleValue() < 0) {
      throw unheld.bad(at, "has a " + keyword + " that is none");
    }
    if (given.doubleValue() > MOST_TIMES) {
      if (otherwise == 0) {
        unheld.loosen(at, keyword);
      }
      return otherwise;
    }
    return given.intValue();
  }

  private String number(ObjectNode schema, String at, boolean whole) {
    boolean ones = false;
    if (schema.has("multipleOf")) {
      JsonNode step = schema.get("multipleOf");
      ones = step.isNumber() && step.decimalValue().compareTo(BigDecimal.ONE) == 0;
      if (!ones) {
        unheld.loosen(at, "multipleOf");
      }
    }
    NumberRules.Bounds bounds = bounds(schema, at);
    if (bounds.none()) {
      return whole || ones ? json.integer() : json.number();
    }
    if (bounds.tooLong()) {
      unheld.loosen(at, bounds.least() == null ? "maximum" : "minimum");
      return whole || ones ? json.integer() : json.number();
    }
    String rule = whole || ones ? NumberRules.whole(bounds) : NumberRules.decimal(bounds);
    if (rule == null) {
      throw new Impossible();
    }
    return rules.add(hint(at), rule);
  }

  private NumberRules.Bounds bounds(ObjectNode schema, String at) {
    BigDecimal least = bound(schema, "minimum", at);
    BigDecimal most = bound(schema, "maximum", at);
    BigDecimal above = bound(schema, "exclusiveMinimum", at);
    BigDecimal below = bound(schema, "exclusiveMaximum", at);
    // Before draft 6 these said of the others that they are exclusive.
    boolean leastOut = schema.path("exclusiveMinimum").asBoolean(false) && above == null;
    boolean mostOut = schema.path("exclusiveMaximum").asBoolean(false) && below == null;
    if (above != null && (least == null || above.compareTo(least) >= 0)) {
      least = above;
      leastOut = true;
    }
    if (below != null && (most == null || below.compareTo(most) <= 0)) {
      most = below;
      mostOut = true;
    }
    return new NumberRules.Bounds(least, leastOut, most, mostOut);
  }

  private @Nullable BigDecimal bound(ObjectNode schema, String keyword, String at) {
    JsonNode given = schema.get(keyword);
    if (given == null || (given.isBoolean() && keyword.startsWith("exclusive"))) {
      return null;
    }
    if (!given.isNumber()) {
      throw unheld.bad(at, "has a " + keyword + " that is none");
    }
    return given.decimalValue();
  }

  private String items(ObjectNode schema, String at) {
    if (schema.path("uniqueItems").asBoolean()) {
      unheld.loosen(at, "uniqueItems");
    }
    int least = times(schema, "minItems", 0, at);
    int most = times(schema, "maxItems", Node.ENDLESS, at);
    if (least > most) {
      throw new Impossible();
    }
    boolean lists = schema.path("items").isArray(); // as it was before 2020-12
    JsonNode first = lists ? schema.get("items") : schema.path("prefixItems");
    JsonNode others = lists ? schema.get("additionalItems") : schema.get("items");
    List<String> firsts = new ArrayList<>();
    int end = most;
    for (int i = 0; i < first.size() && i < most; i++) {
      try {
        firsts.add(value(first.get(i), at + "/prefixItems/" + i));
      } catch (Impossible e) {
        end = i; // there is none at that place
        break;
      }
    }
    String other = null;
    if (end > firsts.size()) {
      other = otherItem(others, schema, at);
    }
    if (other == null) {
      end = Math.min(end, firsts.size());
    }
    if (least > end) {
      throw new Impossible();
    }
    return rules.add(hint(at), json.brackets(list(firsts, other, least, end)));
  }

  /** Null: there is none after those that are named. */
  private @Nullable String otherItem(@Nullable JsonNode others, ObjectNode schema, String at) {
    if (others == null) {
      JsonNode rest = schema.path("unevaluatedItems");
      return rest.isBoolean() && !rest.booleanValue() ? null : json.any();
    }
    try {
      return value(others, at + "/items");
    } catch (Impossible e) {
      return null;
    }
  }

  /** Items at their places and then others, with commas; blanks at the end. */
  private String list(List<String> firsts, @Nullable String other, int least, int most) {
    int more = most == Node.ENDLESS ? most : most - firsts.size();
    // From the end: each is there only if those before it are.
    String rest = "";
    if (other != null && more > 0) {
      int need = Math.max(0, least - firsts.size());
      rest =
          firsts.isEmpty()
              ? optional(
                  json.listed(other, Math.max(0, need - 1), more == Node.ENDLESS ? more : more - 1),
                  need == 0)
              : "(%s %s %s)%s"
                  .formatted(json.comma(), other, json.blanks(), JsonRules.times(need, more));
    }
    for (int i = firsts.size() - 1; i >= 0; i--) {
      String comma = i == 0 ? "" : json.comma() + " ";
      rest = optional(comma + firsts.get(i) + " " + json.blanks() + " " + rest, i >= least);
      if (i > 0) {
        rest = rules.add("items", rest);
      }
    }
    return rest;
  }

  private static String optional(String text, boolean may) {
    return may ? "(" + text + ")?" : text;
  }

  private String members(ObjectNode schema, String at) {
    return new MemberRules(this, json, unheld).of(schema, at);
  }

  /** The rule for a member's value; null: there is none, and the member may not be there. */
  @Nullable String member(JsonNode schema, String at) {
    try {
      return value(schema, at);
    } catch (Impossible e) {
      return null;
    }
  }

  int count(ObjectNode schema, String keyword, int otherwise, String at) {
    return times(schema, keyword, otherwise, at);
  }
}
