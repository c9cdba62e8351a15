package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Awaiting;
import dev.penstock.core.Ending;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Step;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tasks that are to begin by a time, or not at all. */
interface StartBeforeContract extends StoreRig {
  Duration SOON = Duration.ofSeconds(5);

  private TaskSpec toBegin(TaskSpec plain) {
    Instant startBefore = clock().instant().plus(SOON);
    TaskSpec.Work work = plain.work();
    return inserted(
        new TaskSpec(
            plain.id(),
            new TaskSpec.Work(
                work.lane(), work.priority(), work.input(), work.runAt(), startBefore),
            plain.limits(),
            plain.retention(),
            plain.origin()));
  }

  private void miss() {
    clock().advance(SOON);
  }

  private List<TaskSpec> expire() {
    return store().expireUnbegun(10).stream().map(Task::spec).toList();
  }

  @Test
  default void whatHasNotBegunInTimeIsCancelledAsExpired() throws Exception {
    TaskSpec ready = toBegin(task());
    TaskSpec scheduled = toBegin(taskAt(clock().instant().plusSeconds(60)));
    TaskSpec patient = inserted(task());
    clock().advance(SOON.minusMillis(1));
    assertThat(expire()).isEmpty();
    clock().advance(Duration.ofMillis(1));
    restart();

    assertThat(ids(expire())).containsExactlyInAnyOrder(ready.id(), scheduled.id());
    assertThat(expire()).isEmpty();
    for (TaskSpec spec : List.of(ready, scheduled)) {
      Task task = get(spec);
      assertThat(task.state()).isEqualTo(TaskState.CANCELLED);
      assertThat(task.expired()).isTrue();
      assertThat(task.finishedAt()).isEqualTo(clock().instant());
      assertThat(task.spec().startBefore()).isEqualTo(spec.startBefore());
      assertThat(store().steps(spec.id()))
          .extracting(Step::kind)
          .containsExactly(Step.Kind.CANCELLED);
      assertThat(claimOnce(spec)).isEqualTo(new Claim.Settled());
    }
    assertThat(get(patient).state()).isEqualTo(TaskState.PENDING);
    assertThat(lane(LANE).ready()).isEqualTo(1);
    assertThat(lane(LANE).scheduled()).isZero();
  }

  @Test
  default void itIsNotClaimedOnceItsTimeIsOver() {
    TaskSpec spec = toBegin(task());
    miss();
    assertThat(claimOnce(spec)).isEqualTo(new Claim.Expired());
    assertThat(get(spec).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void aClaimInTimeIsAClaim() {
    TaskSpec spec = toBegin(task());
    Claim.Claimed claimed = claim(spec);
    assertThat(claimed.task().spec().startBefore()).isEqualTo(spec.startBefore());
    miss();
    assertThat(expire()).isEmpty();
    settle(claimed, new Ending.Completed(json("1")));
    assertThat(get(spec).state()).isEqualTo(TaskState.COMPLETED);
    assertThat(get(spec).expired()).isFalse();
    assertThat(expire()).isEmpty();
  }

  @Test
  default void whatComesBackUnbegunExpiresAndWhatHasBegunDoesNot() {
    TaskSpec unbegun = toBegin(task());
    TaskSpec cutShort = toBegin(task());
    TaskSpec failed = toBegin(task());
    TaskSpec waits = toBegin(task());
    Claim.Claimed claimed = claim(unbegun);
    Claim.Claimed second = claim(cutShort);
    Claim.Claimed third = claim(failed);
    Claim.Claimed fourth = claim(waits);
    miss();
    assertThat(expire()).isEmpty();
    settle(claimed, new Ending.Returned(Duration.ZERO));
    settle(second, new Ending.Returned(Duration.ZERO, true));
    settle(third, new Ending.Backoff(ERROR, Duration.ZERO));
    settle(fourth, new Ending.Waits(new Awaiting(List.of(), 0, null, false)));

    assertThat(ids(expire())).containsExactly(unbegun.id());
    assertThat(get(unbegun).expired()).isTrue();
    for (TaskSpec spec : List.of(cutShort, failed, waits)) {
      assertThat(claimOnce(spec))
          .isInstanceOfSatisfying(
              Claim.Claimed.class,
              again ->
                  assertThat(again.task().spec().startBefore())
                      .as("whoever runs it does not give it back for that")
                      .isNull());
    }
  }

  @Test
  default void aRunThatWasLostHadBegun() {
    TaskSpec spec = toBegin(task());
    lose(claim(spec));
    assertThat(expire()).isEmpty();
    assertThat(claimAlone(spec).task().lost()).isEqualTo(1);
  }

  @Test
  default void anExpiredTaskIsRetriedOnlyWithANewTime() throws Exception {
    TaskSpec spec = toBegin(task());
    miss();
    expire();
    assertThat(retry(spec)).isEqualTo(new RetryResult.NeedsStart());
    assertThat(get(spec).expired()).isTrue();

    Instant later = clock().instant().plus(SOON);
    assertThat(store().retry(List.of(spec.id()), later).getFirst())
        .isInstanceOf(RetryResult.Now.class);
    restart();
    assertThat(get(spec).state()).isEqualTo(TaskState.PENDING);
    assertThat(get(spec).expired()).isFalse();
    assertThat(get(spec).spec().startBefore()).isEqualTo(later);
    miss();
    assertThat(ids(expire())).containsExactly(spec.id());
  }

  @Test
  default void aTaskThatHadBegunIsRetriedAsItIs() {
    TaskSpec failed = toBegin(task());
    TaskSpec cancelled = toBegin(task());
    fail(failed);
    claim(cancelled);
    cancel(cancelled);
    miss();
    for (TaskSpec spec : List.of(failed, cancelled)) {
      assertThat(retry(spec)).isInstanceOf(RetryResult.Now.class);
    }
    assertThat(expire()).isEmpty();
    assertThat(claimAll(List.of(failed, cancelled))).hasSize(2);
  }

  @Test
  default void aCancelBeforeItsTimeLeavesTheTime() {
    TaskSpec spec = toBegin(task());
    cancel(spec);
    assertThat(get(spec).expired()).isFalse();
    assertThat(retry(spec)).isInstanceOf(RetryResult.Now.class);
    miss();
    assertThat(ids(expire())).containsExactly(spec.id());
  }

  @Test
  default void theyExpireALimitedNumberAtATime() {
    for (int i = 0; i < 5; i++) {
      toBegin(task());
    }
    miss();
    int expired = 0;
    List<Task> some = store().expireUnbegun(2);
    while (!some.isEmpty()) {
      assertThat(some).hasSizeLessThanOrEqualTo(2);
      expired += some.size();
      some = store().expireUnbegun(2);
    }
    assertThat(expired).isEqualTo(5);
  }
}
