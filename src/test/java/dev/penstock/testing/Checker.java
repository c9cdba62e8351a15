package dev.penstock.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Keeps account of work given to a Penstock that is being hurt, and settles it afterwards: every id
 * it accepted must have ended, and ended as it should.
 */
public final class Checker {
  private final Map<String, Predicate<JsonNode>> accepted = new ConcurrentHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger wrong = new AtomicInteger();

  /**
   * What became of the work.
   *
   * @param lost accepted and not ended in time, or gone
   * @param unexpected ended otherwise than it should
   * @param refused answered with a clear no
   * @param unanswered without an answer: they may or may not have been accepted
   */
  public record Report(int accepted, int lost, int unexpected, int refused, int unanswered) {

    /** The promise: nothing lost, nothing unexpected. */
    public void assertKept() {
      System.out.println("checker: " + this);
      assertThat(accepted).as("accepted").isPositive();
      assertThat(lost).as("lost").isZero();
      assertThat(unexpected).as("unexpected").isZero();
    }

    public Report plus(Report other) {
      return new Report(
          accepted + other.accepted,
          lost + other.lost,
          unexpected + other.unexpected,
          refused + other.refused,
          unanswered + other.unanswered);
    }
  }

  /**
   * Submits a ping with a number of its own, which has to come back.
   *
   * @param extra further fields of its input: JSON members, each behind a comma
   * @return its id; empty where it was refused or not answered
   */
  public Optional<String> ping(Api api, String extra) throws InterruptedException {
    int n = numbers.incrementAndGet();
    return submit(
        api,
        "{\"type\":\"ping\",\"input\":{\"number\":%d%s}}".formatted(n, extra),
        task -> completed(task) && task.at("/result/echo/number").asInt() == n);
  }

  /** Submits a text whose vector has to be the reference's. */
  public Optional<String> embedding(Api api, String text, float[] reference)
      throws InterruptedException {
    String body =
        Api.JSON.createObjectNode().put("type", "embedding").put("input", text).toString();
    return submit(
        api,
        body,
        task ->
            completed(task)
                && Vectors.cosine(Vectors.of(task.at("/result/data/0/embedding")), reference)
                    > 0.9999);
  }

  /** Submits any task, with what has to be true of it once it has ended. */
  public Optional<String> submit(Api api, String body, Predicate<JsonNode> right)
      throws InterruptedException {
    Answer answer;
    try {
      answer = api.post("/v1/tasks", body);
    } catch (IOException e) {
      unanswered.incrementAndGet();
      return Optional.empty();
    }
    if (answer.status() == 202) {
      String id = answer.json().path("id").asText();
      accepted(id, right);
      return Optional.of(id);
    }
    assertThat(answer.status()).as(answer.raw().body()).isIn(429, 503);
    assertThat(answer.raw().headers().firstValue("Retry-After")).isPresent();
    refused.incrementAndGet();
    return Optional.empty();
  }

  /** A task was accepted, with what has to be true of it once it has ended. */
  public void accepted(String id, Predicate<JsonNode> right) {
    accepted.put(id, right);
  }

  /** Work has ended while its client waited for it, so that it may be gone when others settle. */
  public void answered(boolean right) {
    answered.incrementAndGet();
    if (!right) {
      wrong.incrementAndGet();
    }
  }

  public int accepted() {
    return accepted.size() + answered.get();
  }

  public int refused() {
    return refused.get();
  }

  public static boolean completed(JsonNode task) {
    return task.path("status").asText().equals("completed");
  }

  /** Waits for every accepted task to end, then compares each with what it should be. */
  public Report settle(Api api, Duration limit) throws Exception {
    Map<String, JsonNode> open = new HashMap<>();
    accepted.keySet().forEach(id -> open.put(id, Api.JSON.nullNode()));
    AtomicInteger unexpected = new AtomicInteger();
    try {
      Await.until(
          "every accepted task has ended",
          limit,
          () -> {
            for (String id : Map.copyOf(open).keySet()) {
              Answer answer = api.get("/v1/tasks/" + id);
              String status = answer.json().path("status").asText();
              if (answer.status() == 404) {
                open.put(id, answer.json());
                continue;
              }
              if (!status.equals("completed")
                  && !status.equals("failed")
                  && !status.equals("cancelled")) {
                open.put(id, answer.json());
                return false;
              }
              if (!accepted.getOrDefault(id, _ -> false).test(answer.json())) {
                System.out.println("unexpected: " + answer.raw().body());
                unexpected.incrementAndGet();
              }
              open.remove(id);
            }
            return true;
          });
    } catch (AssertionError e) {
      System.out.println(e.getMessage());
    }
    open.values().stream().limit(3).forEach(task -> System.out.println("lost: " + task));
    return new Report(
        accepted(), open.size(), unexpected.get() + wrong.get(), refused.get(), unanswered.get());
  }
}
