package dev.penstock.storage.redis;

import static java.util.Objects.requireNonNull;

import dev.penstock.storage.Micros;
import dev.penstock.testing.RedisContent;
import io.vertx.redis.client.Response;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** A node of the version that knows of no checkpoints and no children, on the same Redis. */
final class OlderRedisScripts {
  private final RedisContent redis;
  private final InstantSource clock;

  OlderRedisScripts(RedisContent redis, InstantSource clock) {
    this.redis = redis;
    this.clock = clock;
  }

  /** What that version's script answers. */
  Response run(String script, String shard, Object... arguments) throws Exception {
    List<Object> all = new ArrayList<>(List.of(text("common") + text(script), 1, shard));
    all.add(Micros.of(clock.instant()));
    all.addAll(List.of(arguments));
    return redis.send("EVAL", all.toArray());
  }

  private static String text(String script) throws Exception {
    String name = "older/" + script + ".lua";
    try (InputStream in = requireNonNull(OlderRedisScripts.class.getResourceAsStream(name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
