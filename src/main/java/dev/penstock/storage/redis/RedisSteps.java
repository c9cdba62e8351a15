package dev.penstock.storage.redis;

import dev.penstock.core.Step;
import dev.penstock.storage.KeptError;
import dev.penstock.storage.Metadata;
import dev.penstock.storage.Micros;
import dev.penstock.task.TaskId;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What tasks went through: a list of JSON objects that the scripts write. */
final class RedisSteps {

  private RedisSteps() {}

  static List<Step> read(RedisCalls calls, TaskId id) {
    List<Step> steps = new ArrayList<>();
    for (Response entry : calls.send(Command.LRANGE, RedisShards.steps(id), 0, -1)) {
      steps.add(step(entry.toString()));
    }
    return steps;
  }

  private static Step step(String entry) {
    Map<String, String> fields = Metadata.ofJson(entry);
    String started = fields.get("started");
    return new Step(
        Step.Kind.valueOf(fields.getOrDefault("kind", "")),
        Micros.toInstant(Long.parseLong(fields.getOrDefault("at", "0"))),
        started == null ? null : Micros.toInstant(Long.parseLong(started)),
        fields.get("worker"),
        KeptError.of(fields.get("code"), fields.get("message")));
  }
}
