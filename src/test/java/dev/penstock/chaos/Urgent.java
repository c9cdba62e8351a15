package dev.penstock.chaos;

import dev.penstock.testing.Api.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A client with urgent work, one after another, who notes the longest time that it waited. */
final class Urgent {
  private static final int PAUSE_MS = 200;
  private static final int SERVER_ERROR = 500;
  private static final AtomicInteger NAMES = new AtomicInteger();

  private final House house;
  private final Random random;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicLong longest = new AtomicLong();
  private final Thread thread;

  private Urgent(House house, long seed) {
    this.house = house;
    this.random = new Random(seed);
    this.thread = Thread.ofVirtual().name("urgent").start(this::loop);
  }

  static Urgent start(House house, long seed) {
    return new Urgent(house, seed);
  }

  private void loop() {
    try {
      while (!ended.get()) {
        one("urgent-" + NAMES.incrementAndGet());
        TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sent again under its name until it is answered, as the official clients do. */
  private void one(String name) throws InterruptedException {
    long start = System.nanoTime();
    boolean done = false;
    while (!done && !ended.get()) {
      done = answered(name);
      longest.accumulateAndGet(System.nanoTime() - start, Math::max);
      if (!done) {
        TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
      }
    }
  }

  private boolean answered(String name) throws InterruptedException {
    try {
      Answer answer =
          house
              .door(random)
              .post(
                  "/v1/tasks",
                  "{\"type\":\"ping\",\"priority\":10,\"wait_seconds\":20,\"input\":{}}",
                  "Idempotency-Key",
                  name);
      return answer.status() < SERVER_ERROR
          && answer.json().path("status").asText().equals("completed");
    } catch (IOException e) {
      return false;
    }
  }

  /** Ends, and says how long the longest was. */
  Duration end() throws InterruptedException {
    ended.set(true);
    thread.join(Duration.ofSeconds(30));
    return Duration.ofNanos(longest.get());
  }
}
