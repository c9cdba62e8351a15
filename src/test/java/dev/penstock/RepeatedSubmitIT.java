package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import dev.penstock.testing.Producers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 between the commit and the answer: row 2 of the table of faults. The kill hits many
 * submits under way, so some were committed and never answered; the client's repetition with the
 * same {@code Idempotency-Key} has to meet those.
 */
final class RepeatedSubmitIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int KILLS = 4;

  @TempDir Path folder;

  private final Checker checker = new Checker();
  private final AtomicInteger names = new AtomicInteger();
  private final AtomicInteger met = new AtomicInteger();
  private final Map<String, String> ids = new ConcurrentHashMap<>();

  @Test
  void aSubmitRepeatedAfterAKillMeetsTheTaskThatWasKept() throws Exception {
    try (var penstock = PenstockProcess.start(folder, PenstockProcess.SHORT_LEASES);
        var api = penstock.api()) {
      var giveUp = new AtomicBoolean();
      try (var _ = Producers.start(16, () -> submitUntilAnswered(api, giveUp))) {
        try {
          for (int kill = 0; kill < KILLS || met.get() == 0; kill++) {
            int before = ids.size();
            Await.until("the load runs", LIMIT, () -> ids.size() > before + 200);
            assertThat(kill).as("kills before one hit a submit in between").isLessThan(20);
            penstock.kill();
            penstock.restart();
          }
        } finally {
          giveUp.set(true);
        }
      }
      checker.settle(api, LIMIT).assertKept();
      assertThat(everyTask(api))
          .as("a task for each name, and no other")
          .isEqualTo(Set.copyOf(ids.values()));
      assertThat(Set.copyOf(ids.values())).hasSize(ids.size());
      System.out.println("repeated submits that met their task: " + met);
    }
  }

  private void submitUntilAnswered(Api api, AtomicBoolean giveUp) throws Exception {
    String name = "name-" + names.incrementAndGet();
    String body = "{\"type\":\"ping\",\"input\":{\"name\":\"" + name + "\"}}";
    boolean asked = false;
    while (true) {
      try {
        Answer answer = api.post("/v1/tasks", body, "Idempotency-Key", name);
        if (answer.status() != 503) {
          assertThat(answer.status()).as(answer.raw().body()).isIn(200, 202);
          String id = answer.json().path("id").asText();
          if (asked && answer.raw().headers().firstValue("Idempotent-Replayed").isPresent()) {
            met.incrementAndGet();
          }
          ids.put(name, id);
          checker.accepted(
              id,
              task ->
                  Checker.completed(task) && task.at("/result/echo/name").asText().equals(name));
          return;
        }
      } catch (IOException e) {
        asked = true;
        // Nobody knows what became of it, so even at the end it is repeated until somebody says.
        Await.until("it is up again", LIMIT, () -> up(api) || giveUp.get());
      }
    }
  }

  private static boolean up(Api api) throws InterruptedException {
    try {
      return api.get("/health/ready").status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static Set<String> everyTask(Api api) throws Exception {
    Set<String> found = new HashSet<>();
    String after = "";
    while (true) {
      Answer page = api.get("/v1/tasks?limit=100" + after);
      page.json().path("data").forEach(task -> found.add(task.path("id").asText()));
      if (!page.json().path("has_more").asBoolean()) {
        return found;
      }
      after =
          "&after="
              + page.json()
                  .path("data")
                  .path(page.json().path("data").size() - 1)
                  .path("id")
                  .asText();
    }
  }
}
