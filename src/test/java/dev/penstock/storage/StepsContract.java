package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.Step;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What is known of a task's way. */
interface StepsContract extends StoreRig {
  TaskError OTHER_ERROR = new TaskError(TaskError.Code.TIMEOUT, "it took too long");

  @Test
  default void aTaskThatSucceedsLeavesNoSteps() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Returned(Duration.ZERO));
    settle(claim(claimed.task().spec()), new Ending.Completed(json("1")));

    assertThat(store().steps(claimed.task().id())).isEmpty();
    assertThat(store().steps(TaskId.random())).isEmpty();
  }

  @Test
  default void everyFailedAttemptIsKept() throws Exception {
    Claim.Claimed first = claimed();
    Instant started = clock().instant();
    clock().advance(Duration.ofSeconds(2));
    settle(first, new Ending.Backoff(ERROR, Duration.ZERO));
    Claim.Claimed second = claim(first.task().spec());
    Instant startedAgain = clock().instant();
    clock().advance(Duration.ofSeconds(3));
    settle(second, new Ending.Failed(OTHER_ERROR));
    restart();

    assertThat(store().steps(first.task().id()))
        .containsExactly(
            new Step(Step.Kind.FAILED, startedAgain, started, "w", ERROR),
            new Step(Step.Kind.FAILED, clock().instant(), startedAgain, "w", OTHER_ERROR));
  }

  @Test
  default void aRepeatedOrStaleSettleLeavesNoStep() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Backoff(ERROR, Duration.ZERO));
    settle(claimed, new Ending.Backoff(ERROR, Duration.ZERO));
    settle(claimed, new Ending.Failed(ERROR));

    assertThat(store().steps(claimed.task().id())).hasSize(1);
  }

  @Test
  default void everyLostLeaseIsKept() {
    TaskSpec spec = inserted(task());
    for (int i = 0; i <= MAX_LOST; i++) {
      claimAlone(spec);
      clock().advance(LEASE.plus(MARGIN).plusMillis(1));
      reclaim();
    }

    assertThat(store().steps(spec.id()))
        .hasSize(MAX_LOST + 1)
        .allMatch(step -> step.kind() == Step.Kind.LOST && "w".equals(step.worker()))
        .last()
        .isEqualTo(
            new Step(
                Step.Kind.LOST,
                clock().instant(),
                clock().instant().minus(LEASE.plus(MARGIN).plusMillis(1)),
                "w",
                null));
  }

  @Test
  default void whatPeopleDoIsKept() {
    TaskSpec spec = inserted(task());
    Instant start = clock().instant();
    cancel(spec);
    clock().advance(Duration.ofSeconds(1));
    retry(spec);
    claim(spec);
    clock().advance(Duration.ofSeconds(1));
    cancel(spec);
    cancel(spec);

    assertThat(store().steps(spec.id()))
        .containsExactly(
            new Step(Step.Kind.CANCELLED, start, null, null, null),
            new Step(Step.Kind.RETRIED, start.plusSeconds(1), null, null, null),
            new Step(Step.Kind.CANCELLED, start.plusSeconds(2), start.plusSeconds(1), "w", null));
  }

  @Test
  default void aTaskCancelledBetweenItsRunsShowsNoRun() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Backoff(ERROR, Duration.ofSeconds(9)));
    cancel(claimed.task().spec());

    assertThat(store().steps(claimed.task().id()))
        .last()
        .isEqualTo(new Step(Step.Kind.CANCELLED, clock().instant(), null, null, null));
  }

  @Test
  default void onlyTheNewestStepsAreKept() {
    TaskSpec spec = inserted(task());
    Instant start = clock().instant();
    for (int i = 0; i < Step.MOST + 5; i++) {
      settle(claim(spec), new Ending.Backoff(ERROR, Duration.ZERO));
      clock().advance(Duration.ofSeconds(1));
    }

    assertThat(store().steps(spec.id()))
        .hasSize(Step.MOST)
        .first()
        .extracting(Step::at)
        .isEqualTo(start.plusSeconds(5));
  }

  @Test
  default void stepsLeaveWithTheirTask() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Failed(ERROR));
    clock().advance(KEEP_FAILED);
    store().deleteExpired(10);

    assertThat(store().steps(claimed.task().id())).isEmpty();
  }
}
