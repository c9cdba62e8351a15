package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Checkpoint;
import dev.penstock.core.Ending;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a run leaves for the next one. */
interface CheckpointContract extends FamilyRig {
  int BIG = 64 * 1024;

  default Checkpoint big() {
    return new Checkpoint(new byte[BIG], List.of());
  }

  @Test
  default void aFirstRunHasNoCheckpoint() {
    Claim.Claimed claimed = claimed();
    assertThat(claimed.checkpoint()).isNull();
    assertThat(claimed.run()).isEqualTo(1);
  }

  @Test
  default void theNextRunGetsTheNewestCheckpoint() throws Exception {
    Claim.Claimed first = claimed();
    assertThat(extend(first, checkpoint("one"))).isTrue();
    assertThat(extend(first, checkpoint("two"))).isTrue();
    assertThat(store().extend(List.of(extension(first, null)), LEASE)).isEmpty();
    restart();
    lose(first);

    Claim.Claimed second = claimAlone(first.task().spec());
    assertThat(second.checkpoint()).asString().isEqualTo("two");
    assertThat(second.run()).isEqualTo(2);
    lose(second);
    Claim.Claimed third = claimAlone(first.task().spec());
    assertThat(third.checkpoint()).as("nothing newer came").asString().isEqualTo("two");
    assertThat(third.run()).isEqualTo(3);
  }

  @Test
  default void aCheckpointComesWithASettleThatLeadsToAnotherRun() {
    Claim.Claimed first = claimed();
    TaskSpec spec = first.task().spec();
    extend(first, checkpoint("extended"));
    settle(first, new Ending.Backoff(ERROR, Duration.ZERO), checkpoint("failed"));
    Claim.Claimed second = claim(spec);
    assertThat(second.checkpoint()).asString().isEqualTo("failed");
    settle(second, new Ending.Returned(Duration.ZERO), checkpoint("returned"));
    Claim.Claimed third = claim(spec);
    assertThat(third.checkpoint()).asString().isEqualTo("returned");
    settle(third, waits(List.of(), 0, null, false), checkpoint("waited"));
    Claim.Claimed fourth = claim(spec);
    assertThat(fourth.checkpoint()).asString().isEqualTo("waited");
    settle(fourth, new Ending.Returned(Duration.ofSeconds(1)));
    clock().advance(Duration.ofSeconds(1));
    store().promoteDue(10);

    assertThat(claim(spec).checkpoint()).asString().isEqualTo("waited");
  }

  @Test
  default void anEmptyCheckpointIsOne() {
    Claim.Claimed claimed = claimed();
    extend(claimed, checkpoint("full"));
    settle(claimed, new Ending.Returned(Duration.ZERO), checkpoint(""));
    assertThat(claim(claimed.task().spec()).checkpoint()).isNotNull().isEmpty();
  }

  @Test
  default void theCheckpointOfALostLeaseChangesNothing() {
    Claim.Claimed lost = claimed();
    extend(lost, checkpoint("kept"));
    lose(lost);
    assertThat(extend(lost, checkpoint("late"))).isFalse();
    assertThat(settle(lost, new Ending.Returned(Duration.ZERO), checkpoint("late")))
        .isEqualTo(new Settled.Stale());
    Claim.Claimed second = claimAlone(lost.task().spec());
    assertThat(extend(lost, checkpoint("later"))).isFalse();
    lose(second);

    assertThat(claimAlone(lost.task().spec()).checkpoint()).asString().isEqualTo("kept");
  }

  @Test
  default void anOlderCheckpointThatComesLateLeavesTheNewerOne() {
    Claim.Claimed first = claimed();
    assertThat(extend(first, checkpoint("one").numbered(1))).isTrue();
    assertThat(extend(first, checkpoint("three").numbered(3))).isTrue();
    assertThat(extend(first, checkpoint("two").numbered(2))).as("the lease is held").isTrue();
    assertThat(extend(first, checkpoint("one").numbered(1))).isTrue();
    lose(first);

    Claim.Claimed second = claimAlone(first.task().spec());
    assertThat(second.checkpoint()).asString().isEqualTo("three");
    assertThat(extend(second, checkpoint("anew").numbered(1))).as("it counts anew").isTrue();
    assertThat(extend(second, checkpoint("again").numbered(1))).isTrue();
    assertThat(extend(first, checkpoint("four").numbered(4))).as("of the lost lease").isFalse();
    settle(second, new Ending.Returned(Duration.ZERO));
    assertThat(extend(second, checkpoint("five").numbered(5))).as("of the settled one").isFalse();

    Claim.Claimed third = claim(first.task().spec());
    assertThat(third.checkpoint()).asString().isEqualTo("again");
    assertThat(extend(third, checkpoint("uncounted"))).isTrue();
    lose(third);
    assertThat(claimAlone(first.task().spec()).checkpoint()).asString().isEqualTo("uncounted");
  }

  @Test
  default void whatALateCheckpointHasReadIsReadInTheNewerOne() {
    Claim.Claimed parent = runningWith("a", "b");
    TaskSpec spec = parent.task().spec();
    ended(spec, "a", TaskState.COMPLETED);
    ended(spec, "b", TaskState.COMPLETED);
    TaskId a = TaskId.child(spec.id(), "a");
    TaskId b = TaskId.child(spec.id(), "b");
    assertThat(extend(parent, checkpoint("2 read", a, b).numbered(2))).isTrue();
    assertThat(extend(parent, checkpoint("1 read", a).numbered(1))).isTrue();
    lose(parent);

    assertThat(unread(spec)).isEmpty();
    assertThat(claimAlone(spec).checkpoint()).asString().isEqualTo("2 read");
  }

  @Test
  default void aRepeatedSettleLeavesTheNewerCheckpoint() {
    Claim.Claimed first = claimed();
    Ending ending = new Ending.Returned(Duration.ZERO);
    settle(first, ending, checkpoint("first"));
    assertThat(settle(first, ending, checkpoint("again"))).isEqualTo(new Settled.Before());
    assertThat(claim(first.task().spec()).checkpoint()).asString().isEqualTo("first");
  }

  @Test
  default void aFailedTaskKeepsItsCheckpointForARetry() {
    Claim.Claimed claimed = claimed();
    extend(claimed, checkpoint("one"));
    settle(claimed, new Ending.Failed(ERROR));
    retry(claimed.task().spec());
    Claim.Claimed again = claim(claimed.task().spec());
    assertThat(again.checkpoint()).asString().isEqualTo("one");
    settle(again, new Ending.Failed(ERROR), checkpoint("two"));
    retry(claimed.task().spec());

    Claim.Claimed last = claim(claimed.task().spec());
    assertThat(last.checkpoint()).asString().isEqualTo("two");
    assertThat(last.run()).isGreaterThan(again.run());
  }

  @Test
  default void aCancelledTaskKeepsItsCheckpointForARetry() {
    Claim.Claimed claimed = claimed();
    extend(claimed, checkpoint("one"));
    cancel(claimed.task().spec());
    retry(claimed.task().spec());
    assertThat(claim(claimed.task().spec()).checkpoint()).asString().isEqualTo("one");
  }

  @Test
  default void aTaskThatIsLostTooOftenKeepsItsCheckpointForARetry() {
    Claim.Claimed claimed = claimed();
    extend(claimed, checkpoint("one"));
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    assertThat(store().reclaimLapsed(MARGIN, 0, 10).failed()).hasSize(1);
    retry(claimed.task().spec());
    assertThat(claimAlone(claimed.task().spec()).checkpoint()).asString().isEqualTo("one");
  }

  @Test
  default void aCheckpointIsCountedUntilItsTaskCompletes() {
    Claim.Claimed claimed = claimed();
    long without = store().bytes();
    extend(claimed, big());
    long with = store().bytes();
    assertThat(with).isGreaterThanOrEqualTo(without + BIG);
    extend(claimed, big());
    assertThat(store().bytes()).as("it takes the place of the one before").isLessThan(with + BIG);
    settle(claimed, new Ending.Completed(json("1")), big());

    assertThat(store().bytes()).isLessThan(with - BIG / 2);
    assertThat(get(claimed).state().ended()).isTrue();
  }

  @Test
  default void aCheckpointGoesWithItsTask() {
    long empty = store().bytes();
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Failed(ERROR), big());
    assertThat(store().bytes()).isGreaterThanOrEqualTo(empty + BIG);
    clock().advance(KEEP_FAILED);
    assertThat(store().deleteExpired(10)).isEqualTo(1);

    assertThat(store().bytes()).isLessThan(empty + BIG / 2);
  }
}
