package dev.penstock.testing;

import dev.penstock.testing.Api.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** A client with urgent work, one after another, who notes the longest time that it waited. */
public final class Urgent implements AutoCloseable {
  private static final int PAUSE_MS = 200;
  private static final int OK = 200;
  private static final Duration LAST = Duration.ofSeconds(30);
  private static final AtomicInteger NAMES = new AtomicInteger();

  private final Supplier<Api> door;
  private final Work work;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicLong longest = new AtomicLong();
  private final Thread thread;

  /** What it asks for. */
  public enum Work {
    /** A task that does nothing. */
    PING(
        "/v1/tasks",
        "{\"type\":\"ping\",\"priority\":10,\"wait_seconds\":20,\"input\":{\"name\":\"%s\"}}"),

    /** A task of the default model. */
    EMBEDDING(
        "/v1/tasks",
        "{\"type\":\"embedding\",\"priority\":10,\"wait_seconds\":20,\"input\":\"%s\"}"),

    /** A held request, which needs no store. */
    HELD("/v1/embeddings", "{\"input\":\"%s\"}");

    private final String path;
    private final String body;

    Work(String path, String body) {
      this.path = path;
      this.body = body;
    }

    private Answer ask(Api api, String name) throws IOException, InterruptedException {
      String named = body.formatted(name);
      return this == HELD ? api.post(path, named) : api.post(path, named, "Idempotency-Key", name);
    }

    private boolean done(Answer answer) {
      return answer.status() == OK
          && (this == HELD || answer.json().path("status").asText().equals("completed"));
    }
  }

  private Urgent(Supplier<Api> door, Work work) {
    this.door = door;
    this.work = work;
    this.thread = Thread.ofVirtual().name("urgent").start(this::loop);
  }

  /**
   * Starts it.
   *
   * @param door whom it asks next
   */
  public static Urgent start(Supplier<Api> door, Work work) {
    return new Urgent(door, work);
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
      return work.done(work.ask(door.get(), name));
    } catch (IOException e) {
      return false;
    }
  }

  /** Ends, and says how long the longest was. */
  public Duration end() throws InterruptedException {
    ended.set(true);
    thread.join(LAST);
    return Duration.ofNanos(longest.get());
  }

  /** Ends at once. */
  @Override
  public void close() {
    ended.set(true);
    thread.interrupt();
  }
}
