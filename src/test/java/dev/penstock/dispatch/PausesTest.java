package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.testing.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PausesTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path folder;
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  @Test
  void aPausedLaneGivesNothingOutUntilItIsResumed() throws Exception {
    Lane other = new Lane("ping", null);
    rig.submit(task(), task(other));
    rig.pauses.pause(LANE, true);
    assertThat(rig.lease(LANE)).isEmpty();
    assertThat(rig.lease(other)).hasSize(1);
    rig.pauses.pause(LANE, false);

    assertThat(rig.lease(LANE)).hasSize(1);
  }

  @Test
  void whoWaitsForAPausedLaneGoesOnWhenItIsResumed() throws Exception {
    rig.pauses.pause(LANE, true);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Boolean> waiting = threads.submit(() -> rig.pauses.awaitResumed(LANE, LONG));
      rig.pauses.pause(LANE, false);
      assertThat(waiting.get(LONG.toSeconds() / 2, TimeUnit.SECONDS)).isTrue();
    }
    rig.pauses.pause(LANE, true);
    assertThat(rig.pauses.awaitResumed(LANE, Duration.ofMillis(1))).isFalse();
  }

  @Test
  void aWorkerThatWaitedBeforeThePauseGetsNothingAfterIt() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<List<LeasedTask>> waiting = threads.submit(() -> rig.lease(LANE, LONG));
      Await.until("it waits in the queue", LONG, () -> rig.queueWaits.get() > 0);
      rig.pauses.pause(LANE, true);
      rig.submit(task());
      assertThat(waiting.get(LONG.toSeconds() / 2, TimeUnit.SECONDS)).isEmpty();
    }
    rig.pauses.pause(LANE, false);

    assertThat(rig.lease(LANE)).hasSize(1);
  }

  @Test
  void aPauseOutlivesTheProgram() throws Exception {
    rig.pauses.pause(LANE, true);
    rig.close();
    rig = new Rig(folder);
    assertThat(rig.pauses.lanes()).isEmpty();
    rig.pauses.refreshIfPossible();

    assertThat(rig.pauses.lanes()).containsExactly(LANE);
  }

  @Test
  void aStoreThatDoesNotAnswerLeavesThePausesAsTheyWere() {
    rig.pauses.pause(LANE, true);
    rig.database.close();
    rig.pauses.refreshIfPossible();

    assertThat(rig.pauses.lanes()).containsExactly(LANE);
  }
}
