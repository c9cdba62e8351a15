package dev.penstock;

import static dev.penstock.testing.FaultTable.SCALE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.testing.Api;
import dev.penstock.testing.Api.Answer;
import dev.penstock.testing.Checker;
import dev.penstock.testing.Site;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A site with little room for tasks, and what fills it. */
final class FullSite {
  /** As with SQLite's settings. Redis has some of it for itself. */
  private static final int ROOM_MIB = 3 * SCALE;

  private static final int REDIS_ROOM = 8_000_000 * SCALE;
  private static final int MOST = 1_000 * SCALE;

  /** How long an input is that fills. */
  static final int BYTES = 40_000;

  private FullSite() {}

  static Site sqlite(Path folder) throws Exception {
    return Site.sqlite(folder, Map.of("STORE_MAX_BYTES", ROOM_MIB + "MiB"));
  }

  static Site brokers(Path folder) throws Exception {
    return Site.brokers(folder, Map.of());
  }

  /** Leaves it the little room until it is closed. */
  static Closeable narrow(Site site) throws IOException {
    if (!site.hasBrokers()) {
      return () -> {}; // it is by its settings
    }
    limit(site, site.redis().usedMemory() + REDIS_ROOM);
    return () -> limit(site, 0);
  }

  private static void limit(Site site, long bytes) throws IOException {
    assertThat(site.redis().command("CONFIG SET maxmemory " + bytes)).isEqualTo("+OK");
  }

  /** A client of an owner who is nobody else. */
  static Api owner(Site site, String name) throws Exception {
    return new Api(site.api().base(), site.api().keyOf(name));
  }

  /** A long task of that type, which is given a text or an object with one. */
  static String task(String type) {
    String text = "\"" + "water ".repeat(BYTES / 6) + "\"";
    String input = type.equals("ping") ? "{\"text\":" + text + "}" : text;
    return "{\"type\":\"%s\",\"input\":%s}".formatted(type, input);
  }

  /** Submits it until one of the statuses comes. */
  static void fill(
      Checker checker, Api owner, String task, Predicate<JsonNode> right, Integer... full)
      throws Exception {
    for (int i = 0; i < MOST; i++) {
      Answer answer = owner.post("/v1/tasks", task);
      if (List.of(full).contains(answer.status())) {
        assertThat(answer.raw().headers().firstValue("Retry-After")).isPresent();
        return;
      }
      assertThat(answer.status()).as(answer.raw().body()).isEqualTo(202);
      checker.accepted(answer.json().path("id").asText(), right);
    }
    throw new AssertionError("it is never full");
  }

  /** Cancels or deletes all of the owner's. */
  static void sweep(Api owner, String path) throws Exception {
    Answer swept;
    do {
      swept = owner.post(path, "{\"all\":true}");
      assertThat(swept.status()).as(swept.raw().body()).isEqualTo(200);
    } while (swept.json().path("has_more").asBoolean());
  }

  /** Pauses or resumes a lane. */
  static void lane(Site site, String lane, String change) throws Exception {
    assertThat(site.api().post("/v1/queues/" + lane + "/" + change, "").status()).isEqualTo(200);
  }

  static boolean cancelled(JsonNode task) {
    return task.path("status").asText().equals("cancelled");
  }
}
