package dev.penstock.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pings that make pings, given to a Penstock that is being hurt: some of them are cancelled while
 * their children are at work.
 */
public final class Families {
  /** A child may begin so many seconds after its parent has ended, and no later. */
  private static final double LATEST = 5;

  private static final int CHILDREN = 24;
  private static final int WINDOW = 8;

  /** One in so many is cancelled. */
  private static final int CANCELLED = 4;

  private final Checker checker;

  /** The ids of those that were to be cancelled, by themselves. */
  private final Map<String, String> cancelled = new ConcurrentHashMap<>();

  public Families(Checker checker) {
    this.checker = checker;
  }

  /** Submits one, and cancels it sometimes a moment later. */
  public void submit(Api api) throws InterruptedException {
    var random = ThreadLocalRandom.current();
    boolean cancel = random.nextInt(CANCELLED) == 0;
    String body =
        "{\"type\":\"ping\",\"input\":{\"n\":1,\"children\":%d,\"window\":%d,\"sleep_ms\":%d}}"
            .formatted(CHILDREN, WINDOW, random.nextInt(40));
    Optional<String> id =
        checker.submit(api, body, task -> right(task) || (cancel && wasCancelled(task)));
    if (cancel && id.isPresent()) {
      TimeUnit.MILLISECONDS.sleep(random.nextInt(400)); // Where it is by then is the fault itself.
      cancelled.put(id.get(), id.get());
      try {
        api.post("/v1/tasks/" + id.get() + "/cancel", "");
      } catch (IOException e) {
        // Whether it was cancelled is seen in the end.
      }
    }
  }

  private static boolean right(JsonNode task) {
    return Checker.completed(task)
        && task.at("/result/children/completed").asInt() == CHILDREN
        && task.at("/result/children/failed").asInt() == 0;
  }

  private static boolean wasCancelled(JsonNode task) {
    return task.path("status").asText().equals("cancelled");
  }

  /** So many of those that were to be cancelled have been. */
  public int assertNoChildBeganLate(Api api) throws Exception {
    int seen = 0;
    for (String id : cancelled.keySet()) {
      Answer parent = api.get("/v1/tasks/" + id);
      if (!wasCancelled(parent.json())) {
        continue;
      }
      double ended = parent.json().path("finished_at").asDouble();
      Await.until(
          "the children of " + id + " have ended",
          Duration.ofSeconds(30),
          () -> children(api, id, "&status=pending&status=processing").isEmpty());
      for (JsonNode child : children(api, id, "")) {
        assertThat(child.path("started_at").asDouble(0))
            .as("when it began, its parent having ended at %s: %s", ended, child)
            .isLessThanOrEqualTo(ended + LATEST);
      }
      seen++;
    }
    return seen;
  }

  private static JsonNode children(Api api, String parent, String filter) throws Exception {
    return api.get("/v1/tasks?limit=100&parent=" + parent + filter).json().path("data");
  }
}
