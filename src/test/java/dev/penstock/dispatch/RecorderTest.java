package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.storage.Storage;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecorderTest {
  private static final Outcome DONE =
      new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, new byte[] {'1'}));

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

  private Instant minute() {
    return rig.clock.instant().truncatedTo(ChronoUnit.MINUTES);
  }

  private void run(Duration waits, Outcome outcome, Duration runs) throws Exception {
    rig.submit(task());
    rig.clock.advance(waits);
    var leased = rig.lease(LANE).getFirst();
    rig.clock.advance(runs);
    rig.settle(leased, outcome);
  }

  private static Latencies one(Duration... times) {
    long[] counts = new long[Latencies.BUCKETS];
    for (Duration time : times) {
      counts[Latencies.bucket(time)]++;
    }
    return new Latencies(counts);
  }

  @Test
  void workThatWasNoTaskIsCountedLikeOne() {
    Instant began = rig.clock.instant();
    Instant ended = began.plusMillis(3);
    rig.clock.advance(Duration.ofMillis(3));
    rig.recorder.ranNow(
        new Task(task(), TaskState.COMPLETED, 1, 0, null, began, began, ended, "node", null, null));
    rig.recorder.flush(rig.store);

    assertThat(rig.store.history(minute()))
        .containsExactly(
            new LaneMinute(
                minute(), LANE, 1, 1, 0, 0, one(Duration.ZERO), one(Duration.ofMillis(3))));
  }

  @Test
  void whatHappensIsCountedByMinuteAndLane() throws Exception {
    run(Duration.ofMillis(100), DONE, Duration.ofMillis(3));
    run(Duration.ofMillis(5), new Outcome.Reject(Rig.ERROR), Duration.ofSeconds(1));
    TaskSpec cancelled = task();
    rig.submit(cancelled);
    rig.byHand.cancel(new CancelTask(cancelled.id()));
    rig.recorder.flush(rig.store);
    rig.recorder.flush(rig.store);

    assertThat(rig.store.history(minute()))
        .containsExactly(
            new LaneMinute(
                minute(),
                LANE,
                3,
                1,
                1,
                1,
                one(Duration.ofMillis(100), Duration.ofMillis(5)),
                one(Duration.ofMillis(3), Duration.ofSeconds(1))));
  }

  @Test
  void theTimeBeforeATaskIsReadyIsNoWait() throws Exception {
    rig.submit(taskAt(rig.clock.instant().plusSeconds(30)));
    rig.clock.advance(Duration.ofSeconds(30));
    rig.dispatcher.due(rig.store.promoteDue(10));
    rig.clock.advance(Duration.ofMillis(5));
    rig.settle(rig.lease(LANE).getFirst(), DONE);
    rig.recorder.flush(rig.store);

    assertThat(rig.store.history(minute()).getLast().waited()).isEqualTo(one(Duration.ofMillis(5)));
  }

  @Test
  void anAttemptThatIsTriedAgainIsNoEnd() throws Exception {
    run(Duration.ZERO, new Outcome.Retry(Rig.ERROR), Duration.ofMillis(3));
    rig.recorder.flush(rig.store);

    LaneMinute minute = rig.store.history(minute()).getFirst();
    assertThat(minute.submitted()).isEqualTo(1);
    assertThat(minute.failed()).isZero();
    assertThat(minute.ran().total()).isZero();
  }

  @Test
  void whatTheStoreDidNotTakeIsKeptForTheNextFlush() throws Exception {
    run(Duration.ZERO, DONE, Duration.ofMillis(3));
    rig.database.close();
    assertThatThrownBy(() -> rig.recorder.flush(rig.store)).isInstanceOf(Unavailable.class);
    rig.recorder.flushIfPossible(rig.store);
    rig.recorder.submitted(LANE);

    try (var database = SqliteDatabase.open(folder.resolve("penstock.db"))) {
      var store = Storage.in(database, rig.clock).tasks();
      rig.recorder.flush(store);
      assertThat(store.history(minute()))
          .extracting(LaneMinute::submitted, LaneMinute::completed)
          .containsExactly(tuple(2L, 1L));
    }
  }

  @Test
  void whatTheStoreMayHaveTakenIsNotCountedTwice() {
    rig.recorder.submitted(LANE);
    var store = Faulty.losingTheFirstAnswer(rig.store, "addHistory");
    assertThatThrownBy(() -> rig.recorder.flush(store)).isInstanceOf(Unavailable.class);
    rig.recorder.submitted(LANE);
    rig.recorder.flush(store);

    assertThat(store.history(minute())).extracting(LaneMinute::submitted).containsExactly(2L);
  }

  @Test
  void nothingHappenedIsNothingToFlush() {
    rig.recorder.flush(rig.store);

    assertThat(rig.store.history(Instant.EPOCH)).isEqualTo(List.of());
  }
}
