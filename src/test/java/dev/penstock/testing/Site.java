package dev.penstock.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** One Penstock, with its store in SQLite or in a RabbitMQ and a Redis of its own. */
public final class Site implements AutoCloseable {
  private static final String DUPLICATES = "penstock_deliveries_duplicate_total";

  private final PenstockProcess process;
  private final Api api;
  private final Optional<Brokers> brokers;

  /** Of processes that were killed. */
  private double duplicatesBefore;

  private record Brokers(RabbitServer rabbit, RedisServer redis) {
    private void close() {
      redis.close();
      rabbit.close();
    }
  }

  private Site(PenstockProcess process, Optional<Brokers> brokers) {
    this.process = process;
    this.api = process.api();
    this.brokers = brokers;
  }

  /** Starts one with SQLite inside, and with short leases. */
  public static Site sqlite(Path folder, Map<String, String> settings) throws Exception {
    return start(folder, settings, Optional.empty());
  }

  /** Starts one with a RabbitMQ and a Redis, and with short leases. */
  public static Site brokers(Path folder, Map<String, String> settings) throws Exception {
    RabbitServer rabbit = RabbitServer.start(Files.createDirectories(folder.resolve("mq")));
    RedisServer redis;
    try {
      redis = RedisServer.start(folder.resolve("redis"));
    } catch (Exception | Error e) {
      rabbit.close();
      throw e;
    }
    var brokers = new Brokers(rabbit, redis);
    try {
      return start(folder.resolve("node"), settings, Optional.of(brokers));
    } catch (Exception | Error e) {
      brokers.close();
      throw e;
    }
  }

  private static Site start(Path folder, Map<String, String> settings, Optional<Brokers> brokers)
      throws Exception {
    Map<String, String> all = new HashMap<>(PenstockProcess.SHORT_LEASES);
    brokers.ifPresent(both -> {
      all.putAll(BrokerSettings.of(both.rabbit(), both.redis()));
      all.put("RABBITMQ_CONFIRM_TIMEOUT", "3s");
    });
    all.putAll(settings);
    var site = new Site(PenstockProcess.launch(Files.createDirectories(folder), all), brokers);
    try {
      site.process.awaitReady();
      return site;
    } catch (Exception | Error e) {
      site.api.close();
      site.process.close();
      throw e;
    }
  }

  /** Whether its store is in RabbitMQ and Redis. */
  public boolean hasBrokers() {
    return brokers.isPresent();
  }

  public PenstockProcess process() {
    return process;
  }

  public Api api() {
    return api;
  }

  public RabbitServer rabbit() {
    return brokers.orElseThrow().rabbit();
  }

  public RedisServer redis() {
    return brokers.orElseThrow().redis();
  }

  /** SIGKILL. */
  public void kill() throws Exception {
    duplicatesBefore += api.metric(DUPLICATES);
    process.kill();
  }

  /** Deliveries so far of tasks that had ended or were held, as far as processes lived to tell. */
  public long duplicates() throws IOException, InterruptedException {
    return Math.round(duplicatesBefore + api.metric(DUPLICATES));
  }

  @Override
  public void close() {
    api.close();
    process.close();
    brokers.ifPresent(Brokers::close);
  }

  @Override
  public String toString() {
    return hasBrokers() ? "RabbitMQ and Redis" : "SQLite";
  }
}
