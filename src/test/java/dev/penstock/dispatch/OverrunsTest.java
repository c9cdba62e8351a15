package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.storage.SettableClock;
import dev.penstock.task.Outcome;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Runs of tasks that may take 60 s, held under leases of 30 s. */
final class OverrunsTest {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final SettableClock clock = new SettableClock();
  private final AtomicLong nanos = new AtomicLong(-5);
  private final Overruns overruns = new Overruns(LEASE, clock, nanos::get);
  private final Instant leasedAt = clock.instant();
  private final Task run =
      new Task(task(), TaskState.PROCESSING, 0, 0, null, leasedAt, leasedAt, null, "w", null, null);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    clock.advance(time);
  }

  private List<SettleTask> extend(@Nullable Instant begun) {
    return overruns.among(
        List.of(new HeldLease(run.id(), "token", null, null, begun)), _ -> Map.of(run.id(), run));
  }

  private void leased() {
    overruns.leased(new LeasedTask(run, new Lease(run.id(), "token", leasedAt.plus(LEASE))));
  }

  @Test
  void aRunIsEndedOnceItIsLongerThanItsTaskAllowsAndSaysNothing() {
    leased();
    pass(LIMIT.plus(GRACE));
    assertThat(extend(null)).as("its worker may still say so itself").isEmpty();
    pass(Duration.ofMillis(1));
    SettleTask over = extend(null).getFirst();
    assertThat(over.token()).isEqualTo("token");
    assertThat(over.outcome())
        .isInstanceOfSatisfying(
            Outcome.Retry.class,
            retry -> assertThat(retry.error().code()).isEqualTo(TaskError.Code.TIMEOUT));
  }

  @Test
  void whatItWaitedForItsTurnIsNotCounted() {
    leased();
    pass(LIMIT.multipliedBy(10));
    Instant begun = leasedAt.plus(LIMIT.multipliedBy(9)).minus(GRACE);
    assertThat(extend(begun)).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(extend(begun)).hasSize(1);
  }

  @Test
  void aBeginningBeforeTheLeaseIsTheLeases() {
    leased();
    pass(Duration.ofSeconds(1));
    assertThat(extend(Instant.EPOCH)).isEmpty();
  }

  @Test
  void aClockThatIsSetAnewEndsNothing() {
    leased();
    for (int hours : new int[] {2, -4}) {
      clock.advance(Duration.ofHours(hours));
      assertThat(extend(null)).isEmpty();
      assertThat(extend(leasedAt.plusSeconds(1))).isEmpty();
    }
  }

  @Test
  void aRunThatAnotherNodeGaveOutCountsFromItsLeaseIfThatWasNotLongAgo() {
    pass(Duration.ofSeconds(20));
    assertThat(extend(null)).isEmpty();
    pass(LIMIT.plus(GRACE).minusSeconds(20));
    assertThat(extend(null)).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(extend(null)).hasSize(1);
  }

  @Test
  void whoIsUnknownOrWasEndedIsLeftAlone() {
    assertThat(
            overruns.among(List.of(new HeldLease(TaskId.random(), "other", null)), _ -> Map.of()))
        .isEmpty();
    leased();
    overruns.ended("token");
    pass(LIMIT.plus(LEASE));
    assertThat(extend(null)).isEmpty();
    assertThat(overruns.wasEnded("token")).isTrue();
    overruns.tidy();
    assertThat(overruns.wasEnded("token")).isTrue();
    pass(Duration.ofHours(1));
    overruns.tidy();
    assertThat(overruns.wasEnded("token")).isFalse();
  }
}
