package dev.penstock.engine.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An object of a schema as a rule: its members in the schema's order, those that need not be there
 * left out or not, then others. Where the schema does not speak of others there are none.
 */
final class MemberRules {
  /** Not left out: a reader would take the next line for it. */
  private static final String NOTHING = "\"\"";

  private final SchemaRules schemas;
  private final JsonRules json;
  private final Rules rules;
  private final Unheld unheld;

  MemberRules(SchemaRules schemas, JsonRules json, Unheld unheld) {
    this.schemas = schemas;
    this.json = json;
    this.rules = json.rules();
    this.unheld = unheld;
  }

  private record Member(String pair, boolean required) {}

  String of(ObjectNode schema, String at) {
    Map<String, JsonNode> properties = new LinkedHashMap<>();
    schema
        .path("properties")
        .properties()
        .forEach(each -> properties.put(each.getKey(), each.getValue()));
    Set<String> required = new LinkedHashSet<>();
    schema.path("required").forEach(each -> required.add(each.asText()));
    int least = schemas.count(schema, "minProperties", 0, at);
    int most = schemas.count(schema, "maxProperties", Node.ENDLESS, at);
    if (properties.isEmpty() && required.isEmpty()) {
      return free(schema, least, most, at);
    }
    counted(schema, properties.size(), required.size(), least, most, at);
    JsonNode others = schema.get("additionalProperties");
    required.forEach(name ->
        properties.putIfAbsent(
            name, others == null ? schema.booleanNode(true) : others)); // named, but not described
    List<Member> members = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : properties.entrySet()) {
      String name = each.getKey();
      String value = schemas.member(each.getValue(), at + "/properties/" + name);
      if (value != null) {
        String key = Rules.literal(TextNode.valueOf(name).toString());
        members.add(new Member(json.pair(key, value), required.contains(name)));
      } else if (required.contains(name)) {
        throw new Impossible();
      }
    }
    String other = other(others, at);
    String pair =
        other == null ? null : json.pair(otherKey(new HashSet<>(properties.keySet())), other);
    return rules.add("object", json.braces(chain(members, pair)));
  }

  private void counted(ObjectNode schema, int known, int required, int least, int most, String at) {
    JsonNode others = schema.path("additionalProperties");
    boolean closed = others.isMissingNode() || (others.isBoolean() && !others.booleanValue());
    if (least > required) {
      unheld.loosen(at, "minProperties");
    }
    if (most < known || (!closed && most != Node.ENDLESS)) {
      unheld.loosen(at, "maxProperties");
    }
  }

  /** An object whose members have no names yet. */
  private String free(ObjectNode schema, int least, int most, String at) {
    JsonNode others = schema.get("additionalProperties");
    if (others == null && schema.path("unevaluatedProperties").isBoolean()) {
      others = schema.get("unevaluatedProperties");
    }
    boolean open = others == null && !schema.has("properties");
    String value = open ? json.any() : other(others, at);
    if (value == null || most == 0) {
      if (least > 0) {
        throw new Impossible();
      }
      return rules.add("object", json.braces(""));
    }
    if (least == 0 && most == Node.ENDLESS) {
      return open ? json.object() : json.object(value);
    }
    if (least > most) {
      throw new Impossible();
    }
    String member = json.pair(json.string(), value);
    int more = most == Node.ENDLESS ? most : most - 1;
    String list = json.listed(member, Math.max(0, least - 1), more);
    return rules.add("object", json.braces(least == 0 ? "(" + list + ")?" : list));
  }

  /** The rule for the value of a member without a name; null: there is none. */
  private @Nullable String other(@Nullable JsonNode others, String at) {
    return others == null ? null : schemas.member(others, at + "/additionalProperties");
  }

  /** All members, in rules from the last to the first: each knows what may follow it. */
  private String chain(List<Member> members, @Nullable String other) {
    String blanks = json.blanks();
    String rest = other == null ? "" : "(%s %s %s)*".formatted(json.comma(), other, blanks);
    String first = other == null ? "" : "(" + json.listed(other, 0, Node.ENDLESS) + ")?";
    for (Member member : members.reversed()) {
      // After another one, with a comma before it; and as the first of all.
      String more = rest.isEmpty() ? "" : rules.add("more", rest);
      String pair = member.pair() + " " + blanks + " " + more;
      String begun = first.isEmpty() ? "" : rules.add("first", first);
      first =
          member.required() ? pair : "%s | %s".formatted(pair, begun.isEmpty() ? NOTHING : begun);
      String next = json.comma() + " " + pair;
      rest = member.required() ? next : "%s | %s".formatted(next, more.isEmpty() ? NOTHING : more);
    }
    return first.isEmpty() ? "" : rules.add("first", first);
  }

  /**
   * A member's name that is none of these. A name that is written with escapes of numbers could be
   * one of them, so there are none.
   */
  private String otherKey(Set<String> names) {
    return "\"\\\"\" " + other(names, "") + " \"\\\"\"";
  }

  /** What may follow the beginning that these names share. */
  private String other(Set<String> names, String beginning) {
    Map<Integer, Set<String>> next = new TreeMap<>();
    for (String name : names) {
      if (name.length() > beginning.length()) {
        next.computeIfAbsent(name.codePointAt(beginning.length()), _ -> new HashSet<>()).add(name);
      }
    }
    var set = new StringBuilder("[^\"\\\\\\x00-\\x1F\\x7F");
    next.keySet().forEach(c -> set.append(Rules.inSet(c)));
    List<String> branches = new ArrayList<>();
    branches.add(set + "] " + json.character() + "*");
    if (next.keySet().stream().noneMatch(c -> c < ' ' || c == '"' || c == '\\')) {
      branches.add("\"\\\\\" [\"\\\\bfnrt] " + json.character() + "*");
    }
    next.forEach((c, some) -> {
      if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f) {
        String start = beginning + Character.toString(c);
        branches.add(Rules.literal(Character.toString(c)) + " " + other(some, start));
      }
    });
    // The beginning itself is a name of its own, unless it is one of these.
    boolean one = names.contains(beginning);
    return rules.add("key", String.join(" | ", branches) + (one ? "" : " | \"\""));
  }
}
