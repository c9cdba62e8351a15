package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.penstock.base.Backoff;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Submits tasks, many in a request. Each request has an Idempotency-Key of its own, so sending it
 * again after a lost reply makes no second task.
 */
final class Submitter {
  private static final int INVALID = 400;
  private static final int CONFLICT = 409;
  private static final int TOO_LARGE = 413;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final Client client;
  private final String run;
  private long requests;

  /**
   * @param run the beginning of all its keys: the same with the same tasks meets the same tasks
   */
  Submitter(Client client, String run) {
    this.client = client;
    this.run = run;
  }

  /** For each task, in order: the task as it was accepted, or an object with its {@code error}. */
  List<JsonNode> submit(List<JsonNode> tasks) throws Failure, InterruptedException {
    String key = run + "-" + ++requests;
    List<JsonNode> replies = send(tasks, key);
    Deadline limit = Deadline.in(client.retryFor());
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    for (int round = 1; ; round++) {
      List<Integer> places = new ArrayList<>();
      for (int i = 0; i < replies.size(); i++) {
        if (busy(replies.get(i))) {
          places.add(i);
        }
      }
      Duration pause = backoff.pause();
      if (places.isEmpty() || limit.left().compareTo(pause) <= 0) {
        return replies;
      }
      Thread.sleep(pause);
      // Other content under the same key would be refused.
      List<JsonNode> more = send(places.stream().map(tasks::get).toList(), key + ".r" + round);
      for (int i = 0; i < places.size(); i++) {
        replies.set(places.get(i), more.get(i));
      }
    }
  }

  /** Refused because the server is full or stopping, not because of what the task is. */
  static boolean busy(JsonNode reply) {
    return reply.at("/error/type").asText().equals("server_error");
  }

  private List<JsonNode> send(List<JsonNode> tasks, String key)
      throws Failure, InterruptedException {
    boolean one = tasks.size() == 1;
    ArrayNode list = JsonNodeFactory.instance.arrayNode().addAll(tasks);
    Answer answer = client.post("/v1/tasks", one ? tasks.getFirst() : list, key);
    if (!one && answer.status() == TOO_LARGE) {
      int half = tasks.size() / 2;
      List<JsonNode> replies = new ArrayList<>(send(tasks.subList(0, half), key + ".a"));
      replies.addAll(send(tasks.subList(half, tasks.size()), key + ".b"));
      return replies;
    }
    var replies = new ArrayList<JsonNode>();
    if (one) {
      replies.add(ofOne(answer));
    } else {
      answer.body().path("data").forEach(replies::add);
    }
    if (replies.size() != tasks.size()) {
      throw Failure.refused(answer.message());
    }
    return replies;
  }

  /** What is wrong with this task is its reply; what is wrong with the request ends all. */
  private static JsonNode ofOne(Answer answer) throws Failure {
    int status = answer.status();
    boolean own =
        switch (status) {
          case INVALID, Answer.NOT_FOUND, CONFLICT, TOO_LARGE -> true;
          default -> false;
        };
    return own && answer.body().has("error")
        ? JsonLines.object().set("error", answer.body().get("error"))
        : answer.orFail();
  }
}
