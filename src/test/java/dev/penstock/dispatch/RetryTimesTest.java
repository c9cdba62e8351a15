package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.Ending;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryPolicy;
import dev.penstock.task.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Task types that say themselves when their tasks are tried again. */
final class RetryTimesTest {
  private static final RetryPolicy SET = new RetryPolicy(Duration.ofDays(1), Duration.ofDays(1));

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private Duration delay(RetryTimes times) throws Exception {
    rig.submit(task());
    LeasedTask leased = rig.lease(LANE).getFirst();
    var settlements =
        new Settlements(
            rig.store, SET, times, new ChildSpecs((lane, _) -> lane, rig.clock), 3, () -> false);
    var retry = new SettleTask(leased.task().id(), LANE, leased.lease().token(), Outcome.retry(""));
    Ending ending = settlements.settle(List.of(retry)).getFirst().told().ending();
    return ((Ending.Backoff) ending).delay();
  }

  @Test
  void aTypesOwnTimeGoesBeforeTheSettings() throws Exception {
    assertThat(
            delay((lane, attempts) -> {
              assertThat(lane).isEqualTo(LANE);
              return Duration.ofHours(100L * attempts);
            }))
        .isEqualTo(Duration.ofHours(100));
  }

  @Test
  void whatItCannotSayIsAsTheSettingsSay() throws Exception {
    List<RetryTimes> useless =
        List.of(
            RetryTimes.AS_SET,
            (_, _) -> Duration.ofSeconds(-1),
            (_, _) -> Duration.ofDays(1_000),
            (_, _) -> {
              throw new IllegalStateException("injected");
            });
    for (RetryTimes times : useless) {
      assertThat(delay(times)).isBetween(Duration.ZERO, SET.cap());
    }
  }
}
