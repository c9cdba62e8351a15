package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.Identity;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Which new tasks mean an earlier one. */
public interface IdentityContract extends StoreRig {
  Identity NAMED = new Identity.Named("order-7", "digest-1");
  Identity OTHER_CONTENT = new Identity.Named("order-7", "digest-2");
  Identity ALIKE = new Identity.Alike("work-1");

  default Inserted insert(TaskSpec spec) {
    return store().insert(List.of(spec)).getFirst();
  }

  default Task earlier(Inserted inserted) {
    assertThat(inserted).isInstanceOf(Inserted.Earlier.class);
    return ((Inserted.Earlier) inserted).task();
  }

  @Test
  default void theSameNameAndContentMeanTheEarlierTaskHoweverItStands() {
    TaskSpec first = as(NAMED, task());
    assertThat(insert(first)).isInstanceOf(Inserted.Kept.class);
    assertThat(earlier(insert(as(NAMED, task(9)))).state()).isEqualTo(TaskState.PENDING);
    fail(first);

    Task failed = earlier(insert(as(NAMED, task())));
    assertThat(failed.id()).isEqualTo(first.id());
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(failed.error()).isEqualTo(ERROR);
    assertThat(store().figures().states()).containsEntry(TaskState.PENDING, 0L);
  }

  @Test
  default void anEarlierTaskComesWithItsResultAndWithoutItsInput() throws Exception {
    TaskSpec first = as(NAMED, task());
    insert(first);
    settle(claim(first), new Ending.Completed(json("{\"n\":1}")));
    restart();

    Task completed = earlier(insert(as(NAMED, task())));
    assertThat(output(completed)).isEqualTo(bytes("{\"n\":1}"));
    assertThat(completed.spec().input()).isEmpty();
    assertThat(completed.spec().metadata()).isEqualTo(first.metadata());
  }

  @Test
  default void theSameNameWithOtherContentIsAConflict() {
    insert(as(NAMED, task()));
    TaskSpec second = as(OTHER_CONTENT, task());

    assertThat(insert(second)).isEqualTo(new Inserted.Conflict());
    assertThat(store().find(second.id())).isEmpty();
  }

  @Test
  default void identitiesOfDifferentOwnersAndKindsAreDifferent() {
    assertThat(insert(as(NAMED, task()))).isInstanceOf(Inserted.Kept.class);
    assertThat(insert(TestTasks.of("another", as(OTHER_CONTENT, task()))))
        .isInstanceOf(Inserted.Kept.class);
    assertThat(insert(as(new Identity.Alike("order-7"), task()))).isInstanceOf(Inserted.Kept.class);
    assertThat(insert(task())).isInstanceOf(Inserted.Kept.class);
    assertThat(insert(task())).isInstanceOf(Inserted.Kept.class);
  }

  @Test
  default void equalWorkIsDoneOnceWhileItLivesAndWhenItIsDone() {
    TaskSpec first = as(ALIKE, task());
    insert(first);
    assertThat(earlier(insert(as(ALIKE, task()))).state()).isEqualTo(TaskState.PENDING);
    var claimed = claim(first);
    assertThat(earlier(insert(as(ALIKE, task()))).state()).isEqualTo(TaskState.PROCESSING);
    settle(claimed, new Ending.Completed(json("1")));

    Task completed = earlier(insert(as(ALIKE, task(4))));
    assertThat(completed.id()).isEqualTo(first.id());
    assertThat(output(completed)).isEqualTo(bytes("1"));
  }

  @Test
  default void workThatFailedOrWasCancelledDoesNotStandInForNewWork() {
    TaskSpec failed = as(ALIKE, task());
    insert(failed);
    fail(failed);
    TaskSpec cancelled = as(ALIKE, task());
    assertThat(insert(cancelled)).isInstanceOf(Inserted.Kept.class);
    cancel(cancelled);
    TaskSpec third = as(ALIKE, task());
    assertThat(insert(third)).isInstanceOf(Inserted.Kept.class);

    assertThat(earlier(insert(as(ALIKE, task()))).id()).isEqualTo(third.id());
    retry(failed);
    assertThat(earlier(insert(as(ALIKE, task()))).id()).isEqualTo(third.id());
  }

  @Test
  default void moreUrgentWorkTakesThePlaceOfLessUrgentWork() {
    TaskSpec bulk = as(ALIKE, task(3));
    TaskSpec urgent = as(ALIKE, task(7));
    insert(bulk);
    assertThat(insert(urgent)).isInstanceOf(Inserted.Kept.class);

    assertThat(earlier(insert(as(ALIKE, task(7)))).id()).isEqualTo(urgent.id());
    assertThat(earlier(insert(as(ALIKE, task(3)))).id()).isEqualTo(urgent.id());
    assertThat(get(bulk).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  default void aRepeatedInsertMeansItsOwnTask() {
    TaskSpec named = as(NAMED, task());
    TaskSpec replaced = as(ALIKE, task(3));
    assertThat(store().insert(List.of(named, replaced, as(ALIKE, task(7)))))
        .hasSize(3)
        .hasOnlyElementsOfType(Inserted.Kept.class);

    assertThat(store().insert(List.of(named, replaced)))
        .hasSize(2)
        .hasOnlyElementsOfType(Inserted.Kept.class);
    assertThat(lane(LANE).ready()).isEqualTo(3);
  }

  @Test
  default void oneListMayNameTheSameTaskSeveralTimes() {
    TaskSpec first = as(NAMED, task());
    List<Inserted> inserted =
        store().insert(List.of(first, as(NAMED, task()), as(OTHER_CONTENT, task()), task()));

    assertThat(inserted.get(0)).isInstanceOf(Inserted.Kept.class);
    assertThat(earlier(inserted.get(1)).id()).isEqualTo(first.id());
    assertThat(inserted.get(2)).isEqualTo(new Inserted.Conflict());
    assertThat(inserted.get(3)).isInstanceOf(Inserted.Kept.class);
  }

  @Test
  default void aTaskThatALaterSubmitWasAnsweredWithIsNotWithdrawn() {
    for (Identity identity : List.of(NAMED, ALIKE)) {
      TaskSpec first = as(identity, task());
      insert(first);
      assertThat(earlier(insert(as(identity, task()))).id()).isEqualTo(first.id());

      assertThat(store().withdraw(first.id())).isFalse();
      assertThat(get(first).state()).isEqualTo(TaskState.PENDING);
      assertThat(claimOnce(first)).isInstanceOf(TaskStore.Claim.Claimed.class);
    }
  }

  @Test
  default void whoWasAnsweredWithNothingHasNoTaskKept() {
    TaskSpec first = as(NAMED, task());
    TaskSpec bulk = as(ALIKE, task(3));
    store().insert(List.of(first, bulk));
    store().insert(List.of(first)); // Its own submit again.
    assertThat(insert(as(OTHER_CONTENT, task()))).isEqualTo(new Inserted.Conflict());
    assertThat(insert(as(ALIKE, task(7))))
        .as("it takes the place")
        .isInstanceOf(Inserted.Kept.class);

    assertThat(store().withdraw(first.id())).isTrue();
    assertThat(store().withdraw(bulk.id())).isTrue();
    assertThat(insert(as(NAMED, task()))).isInstanceOf(Inserted.Kept.class);
  }

  @Test
  default void ofAWithdrawalAndSubmitsAtOnceNobodyIsAnsweredWithATaskThatIsGone() throws Exception {
    for (int round = 0; round < 20; round++) {
      Identity name = new Identity.Named("order-" + round, "digest");
      TaskSpec first = as(name, task());
      insert(first);
      Queue<Inserted> answers = new ConcurrentLinkedQueue<>();
      AtomicBoolean withdrawn = new AtomicBoolean();
      atOnce(
          4,
          worker -> {
            if (worker == 0) {
              withdrawn.set(store().withdraw(first.id()));
            } else {
              answers.add(insert(as(name, task())));
            }
          });

      assertThat(answers)
          .filteredOn(Inserted.Earlier.class::isInstance)
          .extracting(answer -> earlier(answer).id())
          .allMatch(id -> store().find(id).isPresent());
      assertThat(answers)
          .filteredOn(Inserted.Kept.class::isInstance)
          .hasSize(withdrawn.get() ? 1 : 0);
    }
  }

  @Test
  default void anIdentityLeavesWithItsTask() {
    TaskSpec forgotten = as(OTHER_CONTENT, task());
    insert(forgotten);
    store().withdraw(forgotten.id());
    TaskSpec expiring = as(NAMED, task());
    assertThat(insert(expiring)).isInstanceOf(Inserted.Kept.class);
    complete(expiring);
    clock().advance(KEEP_COMPLETED.plus(Duration.ofMillis(1)));
    store().deleteExpired(10);

    assertThat(insert(as(OTHER_CONTENT, task()))).isInstanceOf(Inserted.Kept.class);
  }
}
