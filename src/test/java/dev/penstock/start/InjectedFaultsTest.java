package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Api;
import dev.penstock.testing.Await;
import dev.penstock.testing.Checker;
import dev.penstock.testing.PenstockProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults injected between the dispatcher and its ports: rows 3, 9, 10 and 11 of the table. */
final class InjectedFaultsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int TASKS = 300;

  @TempDir Path folder;

  private Node start(Node.Ports ports, Map<String, String> settings) throws Exception {
    Map<String, String> all =
        new HashMap<>(
            Map.of(
                "api.port", "0",
                "auth.token", PenstockProcess.KEY,
                "data.dir", folder.resolve("data").toString(),
                "lease.duration", "1s",
                "lease.extend-every", "200ms",
                "lease.sweep-every", "100ms",
                "lease.margin", "200ms"));
    all.putAll(settings);
    return Node.start(SettingGroups.load(all, Map.of(), null), ports, Abilities.BUILT_IN);
  }

  private static Api api(Node node) {
    return new Api(node.uri(), PenstockProcess.KEY);
  }

  @Test
  void messagesDeliveredTwiceAndAfterTheirAckRunOnce() throws Exception {
    var queue = new AtomicReference<InjectedQueue>();
    var checker = new Checker();
    try (Node node =
            start(
                new Node.Ports(
                    store -> store,
                    real -> {
                      queue.set(new InjectedQueue(real));
                      return queue.get();
                    }),
                Map.of());
        Api api = api(node)) {
      for (int i = 0; i < TASKS; i++) {
        checker.ping(api, "");
      }
      checker.settle(api, LIMIT).assertKept();
      assertThat(checker.accepted()).isEqualTo(TASKS);
      assertThat(queue.get().repeatedDeliveries()).isGreaterThanOrEqualTo(TASKS);
      String metrics = api.get("/metrics").raw().body();
      assertThat(sum(metrics, "penstock_runs_total"))
          .as("each ran once, and each submit made one task")
          .isEqualTo(TASKS);
      assertThat(sum(metrics, "penstock_deliveries_duplicate_total")).isGreaterThanOrEqualTo(TASKS);
    }
  }

  @Test
  void writesWhoseAnswersAreLostMakeNoDoubleTaskAndLoseNoState() throws Exception {
    var store = new AtomicReference<InjectedStore>();
    var checker = new Checker();
    try (Node node =
            start(
                new Node.Ports(
                    real -> {
                      store.set(new InjectedStore(real, 5));
                      return store.get();
                    },
                    queue -> queue),
                Map.of());
        Api api = api(node)) {
      for (int i = 0; i < TASKS; i++) {
        checker.ping(api, "");
      }
      checker.settle(api, LIMIT).assertKept();
      assertThat(store.get().lostAnswers()).isGreaterThan(TASKS / 10);
      Await.until("nothing is left over", LIMIT, () -> live(api) == 0);
      assertThat(api.get("/metrics").raw().body()).contains("penstock_leases_lost_total");
      assertThat(checker.accepted()).as("our own retries hid the faults").isEqualTo(TASKS);
    }
  }

  private static double live(Api api) throws Exception {
    String metrics = api.get("/metrics").raw().body();
    return sum(metrics, "penstock_tasks{state=\"pending\"}")
        + sum(metrics, "penstock_tasks{state=\"processing\"}");
  }

  /** Adds up a metric over its labels. */
  private static double sum(String metrics, String name) {
    Matcher lines =
        Pattern.compile(
                "^" + Pattern.quote(name) + "(?:\\{[^}]*})? ([0-9.E+]+)$", Pattern.MULTILINE)
            .matcher(metrics);
    double sum = 0;
    while (lines.find()) {
      sum += Double.parseDouble(lines.group(1));
    }
    return sum;
  }
}
