package dev.penstock.api;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.core.ApiKey;
import dev.penstock.core.Scope;
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
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /v1/keys}: making, listing and revoking API keys. */
final class KeysResource {
  static final int MAX_BODY = 4 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(KeysResource.class);

  private final ApiKeys keys;
  private final NewKeys newKeys;

  KeysResource(ApiKeys keys, NewKeys newKeys) {
    this.keys = keys;
    this.newKeys = newKeys;
  }

  /** The only answer that ever has the key in it. */
  Reply create(Exchange exchange) {
    return switch (newKeys.make(exchange.body())) {
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

  private static void writeNames(JsonGenerator json, String field, Set<String> names)
      throws IOException {
    if (!names.isEmpty()) {
      json.writeObjectField(field, new TreeSet<>(names));
    }
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
    writeNames(json, "lanes", key.reach().lanes());
    writeNames(json, "owners", key.reach().owners());
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
