package dev.penstock.storage.redis;

import static java.util.Objects.requireNonNull;

import dev.penstock.core.ApiKey;
import dev.penstock.core.Reach;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.Metadata;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Scopes;
import dev.penstock.task.Priority;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The keys in Redis: a JSON object each, in one hash, by the hash of the key. */
final class RedisKeyStore implements KeyStore {
  private static final Comparator<ApiKey> NEWEST_FIRST =
      Comparator.comparing(ApiKey::created).reversed().thenComparing(ApiKey::id);

  private final RedisCalls calls;
  private final int most;

  RedisKeyStore(RedisCalls calls, int most) {
    this.calls = calls;
    this.most = most;
  }

  @Override
  public Added add(ApiKey key) {
    Response answer =
        calls.run(
            RedisScript.ADD_KEY,
            RedisShards.KEYS,
            List.of(key.hash(), key.id(), key.submits() ? key.owner() : "", write(key), most));
    return Added.valueOf(answer.toString());
  }

  @Override
  public Optional<ApiKey> find(String hash) {
    Response found = calls.send(Command.HMGET, RedisShards.KEYS_BY_HASH, hash).get(0);
    return found == null ? Optional.empty() : Optional.of(read(found));
  }

  @Override
  public List<ApiKey> list() {
    List<ApiKey> keys = new ArrayList<>();
    for (Response key : calls.send(Command.HVALS, RedisShards.KEYS_BY_HASH)) {
      keys.add(read(key));
    }
    keys.sort(NEWEST_FIRST);
    return keys;
  }

  @Override
  public Optional<ApiKey> revoke(String id, Instant at) {
    Response now =
        calls.run(RedisScript.REVOKE_KEY, RedisShards.KEYS, List.of(id, Micros.of(at))).get(0);
    return now == null ? Optional.empty() : Optional.of(read(now));
  }

  @Override
  public Set<String> owners() {
    Set<String> owners = new HashSet<>();
    for (Response owner : calls.send(Command.SMEMBERS, RedisShards.KEY_OWNERS)) {
      owners.add(owner.toString());
    }
    return owners;
  }

  /** Every value is text: the script that revokes a key writes its record again. */
  private static String write(ApiKey key) {
    Map<String, String> fields = new HashMap<>();
    fields.put("id", key.id());
    fields.put("owner", key.owner());
    fields.put("scopes", Scopes.text(key.scopes()));
    fields.put("hash", key.hash());
    Priority highest = key.highest();
    if (highest != null) {
      fields.put("highest", Integer.toString(highest.value()));
    }
    String label = key.label();
    if (label != null) {
      fields.put("label", label);
    }
    fields.put("created", Long.toString(Micros.of(key.created())));
    Instant revoked = key.revoked();
    if (revoked != null) {
      fields.put("revoked", Long.toString(Micros.of(revoked)));
    }
    put(fields, "lanes", Scopes.ofNames(key.reach().lanes()));
    put(fields, "owners", Scopes.ofNames(key.reach().owners()));
    return Metadata.toJson(fields);
  }

  private static void put(Map<String, String> fields, String name, @Nullable String value) {
    if (value != null) {
      fields.put(name, value);
    }
  }

  private static ApiKey read(Response record) {
    Map<String, String> fields = Metadata.ofJson(record.toString());
    String highest = fields.get("highest");
    return new ApiKey(
        need(fields, "id"),
        need(fields, "owner"),
        Scopes.of(need(fields, "scopes")),
        need(fields, "hash"),
        highest == null ? null : new Priority(Integer.parseInt(highest)),
        fields.get("label"),
        requireNonNull(time(fields.get("created"))),
        time(fields.get("revoked")),
        new Reach(Scopes.names(fields.get("lanes")), Scopes.names(fields.get("owners"))));
  }

  private static String need(Map<String, String> fields, String name) {
    return requireNonNull(fields.get(name), () -> "a key in Redis has no " + name);
  }

  private static @Nullable Instant time(@Nullable String micros) {
    return micros == null ? null : Micros.toInstant(Long.parseLong(micros));
  }
}
