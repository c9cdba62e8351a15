package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.ApiKey;
import dev.penstock.core.Scope;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.security.ApiKeys;
import dev.penstock.security.ApiKeys.Created;
import dev.penstock.task.Priority;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /v1/keys}: making, listing and revoking API keys. */
final class KeysResource {
  static final int MAX_BODY = 4 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(KeysResource.class);
  private static final Set<String> KNOWN = Set.of("owner", "scopes", "label", "max_priority");
  private static final int MAX_OWNER = 64;
  private static final int MAX_LABEL = 100;
  private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]*");

  private final ApiKeys keys;

  KeysResource(ApiKeys keys) {
    this.keys = keys;
  }

  /** The only answer that ever has the key in it. */
  Reply create(Exchange exchange) {
    Fields fields = Fields.of(StrictJson.parse(exchange.body()));
    fields.only(KNOWN);
    String owner = owner(fields);
    Set<Scope> scopes = scopes(fields);
    String label = label(fields);
    Integer highest = fields.integer("max_priority", Priority.MIN, Priority.MAX);
    return switch (keys.create(
        owner, scopes, highest == null ? null : new Priority(highest), label)) {
      case Created.Now(var key, var secret) -> {
        note(exchange, "made", key);
        yield Reply.json(201, json -> write(json, key, secret));
      }
      case Created.Refused(var why) -> throw new Refusal(ApiError.http(409, "too_many_keys", why));
    };
  }

  Reply list(Exchange exchange) {
    return Reply.list(keys.list(), (json, key) -> write(json, key, null));
  }

  /** Repeating it changes nothing. */
  Reply revoke(Exchange exchange) {
    ApiKey key =
        keys.revoke(exchange.parameter("id"))
            .orElseThrow(() ->
                new Refusal(
                    ApiError.http(404, "key_not_found", "There is no such key.").withParam("id")));
    note(exchange, "revoked", key);
    return Reply.json(200, json -> write(json, key, null));
  }

  private static void note(Exchange exchange, String did, ApiKey key) {
    LOG.info(
        "{} from {} {} {} of {} (request {})",
        exchange.caller().keyId(),
        exchange.address(),
        did,
        key.id(),
        key.owner(),
        exchange.id());
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

  private static void write(JsonGenerator json, ApiKey key, @Nullable String secret)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("id", key.id());
    json.writeStringField("object", "key");
    json.writeStringField("owner", key.owner());
    json.writeObjectField(
        "scopes", EnumSet.copyOf(key.scopes()).stream().map(Scope::json).toList());
    String label = key.label();
    if (label != null) {
      json.writeStringField("label", label);
    }
    Priority highest = key.highest();
    if (highest != null) {
      json.writeNumberField("max_priority", highest.value());
    }
    StrictJson.writeSeconds(json, "created_at", key.created().toEpochMilli());
    Instant revoked = key.revoked();
    if (revoked != null) {
      StrictJson.writeSeconds(json, "revoked_at", revoked.toEpochMilli());
    }
    if (secret != null) {
      json.writeStringField("key", secret);
    }
    json.writeEndObject();
  }
}
