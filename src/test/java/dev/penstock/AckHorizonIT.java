package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.testing.Checker;
import dev.penstock.testing.FaultTable;
import dev.penstock.testing.Fleet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Work that takes longer than a broker waits for an acknowledgement. Ours closes the channel of
 * whoever keeps a message for more than three seconds; by default it would be half an hour.
 */
final class AckHorizonIT {
  @TempDir Path folder;

  @Test
  void workLongerThanTheBrokersPatienceRunsOnce() throws Exception {
    Map<String, String> settings =
        Map.of("RABBITMQ_ACK_HORIZON", "1s", "INFERENCE_TASKS_IN_HAND", "4");
    var checker = new Checker();
    try (var fleet =
        Fleet.startAtOnce(
            folder, settings, 1, 2, "{consumer_timeout, 3000}", "{channel_tick_interval, 1000}")) {
      long duplicates = fleet.duplicates();
      int tasks = 16 * FaultTable.SCALE;
      for (int i = 0; i < tasks; i++) {
        checker.submit(
            fleet.api(0),
            "{\"type\":\"ping\",\"input\":{\"sleep_ms\":5000}}",
            task ->
                Checker.completed(task)
                    && task.path("attempts").asInt() == 1
                    && task.path("lost").asInt() == 0);
      }
      assertThat(checker.accepted()).isEqualTo(tasks);
      Checker.Report report =
          checker.settle(fleet.api(0), Duration.ofMinutes(2).multipliedBy(FaultTable.SCALE));
      long duplicated = fleet.duplicates() - duplicates;
      FaultTable.add(
          "04c",
          "work takes longer than RabbitMQ waits for its acknowledgement",
          report,
          duplicated);
      assertThat(fleet.rabbit().said("timed out"))
          .as("the broker lost its patience, as it does with the horizon at its default")
          .isFalse();
      assertThat(fleet.sum("penstock_runs_total{lane=\"ping\"")).as("runs").isEqualTo(tasks);
    }
  }
}
