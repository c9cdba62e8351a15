package dev.penstock.testing;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * All that lies in a Redis, as text: a line for each key, with its type and whether it expires, and
 * below it a line for each member. What is no ASCII is written as {@code \xNN}.
 */
public final class RedisContent {
  private static final int ANSWER_SECONDS = 20;

  private final Redis client;

  public RedisContent(Vertx vertx, RedisServer server) {
    client = Redis.createClient(vertx, "redis://127.0.0.1:" + server.port());
  }

  /** Sends a command and waits for its answer. */
  public Response send(String command, Object... arguments) throws Exception {
    Request request = Request.cmd(Command.create(command));
    for (Object argument : arguments) {
      request.arg(argument instanceof Buffer bytes ? bytes : Buffer.buffer(argument.toString()));
    }
    return client
        .send(request)
        .toCompletionStage()
        .toCompletableFuture()
        .get(ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  /** Sorted by keys; lists keep their order. */
  public String dump() throws Exception {
    var keys = new TreeMap<String, Buffer>();
    for (Response key : send("KEYS", "*")) {
      keys.put(text(key), key.toBuffer());
    }
    var dump = new StringBuilder();
    for (var key : keys.entrySet()) {
      String type = send("TYPE", key.getValue()).toString();
      boolean expires = Long.parseLong(text(send("PTTL", key.getValue()))) >= 0;
      dump.append(type).append(expires ? " expires " : " ").append(key.getKey()).append('\n');
      for (String line : members(type, key.getValue())) {
        dump.append('\t').append(line).append('\n');
      }
    }
    return dump.toString();
  }

  private List<String> members(String type, Buffer key) throws Exception {
    return switch (type) {
      case "string" -> List.of(text(send("GET", key)));
      case "list" -> lines(send("LRANGE", key, 0, -1), 1);
      case "set" -> lines(send("SMEMBERS", key), 1).stream().sorted().toList();
      case "hash" -> lines(send("HGETALL", key), 2).stream().sorted().toList();
      case "zset" -> lines(send("ZRANGE", key, 0, -1, "WITHSCORES"), 2);
      default -> throw new IllegalStateException("a key of type " + type);
    };
  }

  /** Members of so many parts each, which an answer of a newer protocol nests or pairs. */
  private static List<String> lines(Response answer, int parts) {
    List<String> flat = new ArrayList<>();
    flatten(answer, flat);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < flat.size(); i += parts) {
      lines.add(String.join("\t", flat.subList(i, i + parts)));
    }
    return lines;
  }

  private static void flatten(Response answer, List<String> into) {
    switch (answer.type()) {
      case MULTI -> {
        if (answer.isMap()) {
          for (String name : answer.getKeys()) {
            into.add(ascii(name.getBytes(StandardCharsets.UTF_8)));
            flatten(answer.get(name), into);
          }
        } else {
          answer.forEach(each -> flatten(each, into));
        }
      }
      case NUMBER -> into.add("%.0f".formatted(answer.toDouble()));
      default -> into.add(text(answer));
    }
  }

  private static String text(Response answer) {
    return ascii(answer.toBuffer().getBytes());
  }

  private static String ascii(byte[] bytes) {
    var text = new StringBuilder();
    for (byte each : bytes) {
      if (each >= ' ' && each < 0x7f && each != '\\') {
        text.append((char) each);
      } else {
        text.append("\\x%02x".formatted(each));
      }
    }
    return text.toString();
  }

  /** Puts what was dumped into an empty Redis. What expired there stays here. */
  public void restore(String dump) throws Exception {
    String type = "";
    Buffer key = Buffer.buffer();
    for (String line : dump.split("\n", 0)) {
      if (!line.startsWith("\t")) {
        String[] words = line.split(" ", 2);
        type = words[0];
        key = bytes(words[1].replaceFirst("^expires ", ""));
        continue;
      }
      String[] parts = line.substring(1).split("\t", -1);
      Buffer first = bytes(parts[0]);
      switch (type) {
        case "string" -> send("SET", key, first);
        case "list" -> send("RPUSH", key, first);
        case "set" -> send("SADD", key, first);
        case "hash" -> send("HSET", key, first, bytes(parts[1]));
        case "zset" -> send("ZADD", key, bytes(parts[1]), first);
        default -> throw new IllegalStateException("a key of type " + type);
      }
    }
  }

  private static Buffer bytes(String ascii) {
    Buffer bytes = Buffer.buffer();
    for (int i = 0; i < ascii.length(); i++) {
      if (ascii.charAt(i) == '\\') {
        bytes.appendByte((byte) Integer.parseInt(ascii.substring(i + 2, i + 4), 16));
        i += 3;
      } else {
        bytes.appendByte((byte) ascii.charAt(i));
      }
    }
    return bytes;
  }
}
