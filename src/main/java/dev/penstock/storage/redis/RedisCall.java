package dev.penstock.storage.redis;

import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One command to send.
 *
 * @param withText the same with the script's text, for a server that does not know the script; null
 *     for what is no script
 */
record RedisCall(Request request, @Nullable Supplier<Request> withText) {

  static RedisCall of(Command command, Object... args) {
    return new RedisCall(add(Request.cmd(command), List.of(args)), null);
  }

  /**
   * Runs a script.
   *
   * @param shard what all its keys begin with
   */
  static RedisCall of(RedisScript script, String shard, List<Object> args) {
    return new RedisCall(
        request(Command.EVALSHA, script.digest(), shard, args),
        () -> request(Command.EVAL, script.text(), shard, args));
  }

  private static Request request(Command command, String script, String shard, List<Object> args) {
    return add(Request.cmd(command).arg(script).arg(1).arg(shard), args);
  }

  private static Request add(Request request, List<Object> args) {
    for (Object arg : args) {
      switch (arg) {
        case byte[] bytes -> request.arg(bytes);
        default -> request.arg(arg.toString());
      }
    }
    return request;
  }
}
