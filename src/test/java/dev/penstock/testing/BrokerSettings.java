package dev.penstock.testing;

import java.util.Map;

/** The settings of a node whose work is in a test's own RabbitMQ and Redis. */
public final class BrokerSettings {
  private BrokerSettings() {}

  /** As environment variables. */
  public static Map<String, String> of(RabbitServer rabbit, RedisServer redis) {
    return Map.of(
        "RABBITMQ_HOST",
        "127.0.0.1",
        "RABBITMQ_PORT",
        Integer.toString(rabbit.port()),
        "REDIS_HOST",
        "127.0.0.1",
        "REDIS_PORT",
        Integer.toString(redis.port()));
  }
}
