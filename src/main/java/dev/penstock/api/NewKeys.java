package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.api.worker.LaneNames;
import dev.penstock.core.Reach;
import dev.penstock.core.Scope;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.ApiKeys.Created;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes API keys as they are asked for, by the API and by the program's own pages. */
public final class NewKeys {
  private static final Set<String> KNOWN =
      Set.of("owner", "scopes", "label", "max_priority", "lanes", "owners");
  private static final int MAX_OWNER = 64;
  private static final int MAX_LANE = 200;
  private static final int MOST_NAMES = 64;
  private static final int MAX_LABEL = 100;
  private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]*");

  private final ApiKeys keys;
  private final LaneNames lanes;

  /**
   * @param lanes those that a worker's key may be bound to
   */
  NewKeys(ApiKeys keys, LaneNames lanes) {
    this.keys = keys;
    this.lanes = lanes;
  }

  /**
   * Makes a key.
   *
   * @param json what is asked for, as the API takes it
   * @throws dev.penstock.core.InvalidInput when it makes no sense
   * @throws dev.penstock.web.Refusal when there is no such lane
   */
  public Created make(byte[] json) {
    Fields fields = Fields.of(StrictJson.parse(json));
    fields.only(KNOWN);
    String owner = owner(fields);
    Set<Scope> scopes = scopes(fields);
    String label = label(fields);
    Integer highest = fields.integer("max_priority", Priority.MIN, Priority.MAX);
    return keys.create(
        owner,
        scopes,
        highest == null ? null : new Priority(highest),
        label,
        reach(fields, scopes));
  }

  private static String owner(Fields fields) {
    String owner = fields.required("owner", MAX_OWNER);
    if (!OWNER.matcher(owner).matches()) {
      throw fields.bad(
          "owner",
          "must be letters, digits, '.', '_', '@' and '-', and begin with one of the first");
    }
    return owner;
  }

  /** A worker's key lies on machines that are trusted with work, and with nothing else. */
  private static Set<Scope> scopes(Fields fields) {
    JsonNode given = fields.value("scopes");
    if (given == null) {
      throw fields.bad("scopes", "is missing; known are " + known());
    }
    if (!given.isArray() || given.isEmpty()) {
      throw fields.bad("scopes", "must be a list of scopes; known are " + known());
    }
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (JsonNode word : given) {
      scopes.add(
          Scope.of(word.isTextual() ? word.textValue() : "")
              .orElseThrow(() -> fields.bad("scopes", "must be among " + known())));
    }
    if (scopes.contains(Scope.WORKER) && scopes.size() > 1) {
      throw fields.bad("scopes", "has 'worker' beside others; a worker's key can do nothing else");
    }
    return scopes;
  }

  /** What a worker's key is bound to. A key of another kind leases nothing. */
  private Reach reach(Fields fields, Set<Scope> scopes) {
    Set<String> lanes = names(fields, "lanes", MAX_LANE, name -> !name.isBlank());
    Set<String> owners = names(fields, "owners", MAX_OWNER, name -> OWNER.matcher(name).matches());
    if (!scopes.contains(Scope.WORKER) && !(lanes.isEmpty() && owners.isEmpty())) {
      throw fields.bad(
          lanes.isEmpty() ? "owners" : "lanes", "is for keys with the scope 'worker' alone");
    }
    return new Reach(own(lanes), owners);
  }

  /** The lanes' own names, where they are called by others. A type's name is for all its lanes. */
  private Set<String> own(Set<String> names) {
    Set<String> own = new LinkedHashSet<>();
    int at = 0;
    for (String name : names) {
      String param = "lanes[" + at++ + "]";
      own.add(
          lanes.isType(name)
              ? name
              : lanes.find(name).map(Lane::name).orElseThrow(() -> lanes.unknown(name, param)));
    }
    return own;
  }

  private static Set<String> names(
      Fields fields, String field, int longest, Predicate<String> fits) {
    JsonNode given = fields.value(field);
    if (given == null) {
      return Set.of();
    }
    if (!given.isArray() || given.isEmpty() || given.size() > MOST_NAMES) {
      throw fields.bad(field, "must be a list of 1 to " + MOST_NAMES + " names");
    }
    Set<String> names = new LinkedHashSet<>();
    for (int i = 0; i < given.size(); i++) {
      String name = given.get(i).isTextual() ? given.get(i).textValue() : "";
      if (name.length() > longest || !fits.test(name)) {
        throw fields.bad(
            field, "must be names of " + field + ", which " + field + "[" + i + "] is not");
      }
      names.add(name);
    }
    return names;
  }

  private static String known() {
    return Arrays.stream(Scope.values()).map(Scope::json).collect(Collectors.joining(", "));
  }

  private static @Nullable String label(Fields fields) {
    String label = fields.text("label", MAX_LABEL);
    if (label != null && label.chars().anyMatch(Character::isISOControl)) {
      throw fields.bad("label", "must have no control characters");
    }
    return label;
  }
}
