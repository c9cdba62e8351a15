package dev.penstock.storage.redis;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.withInput;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.base.Unavailable;
import dev.penstock.core.Awaiting;
import dev.penstock.core.CancelResult;
import dev.penstock.core.Ending;
import dev.penstock.core.NewChild;
import dev.penstock.core.TaskFilter;
import dev.penstock.storage.ChildStore.Family;
import dev.penstock.storage.FamilyRig;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Checkpoints and children where it is Redis that makes the difference: what is left behind, a full
 * memory, and nodes of an older version beside this one.
 */
final class RedisFamiliesTest extends RedisRig implements FamilyRig {
  private static final int BIG = 60_000;

  // --- what is left behind

  private void assertEmpty() throws Exception {
    for (String shard : RedisShards.ALL) {
      redis.command("DEL " + shard + ":began");
    }
    assertThat(content.dump()).isEmpty();
    assertThat(store.bytes()).isZero();
  }

  /** Says of all their open children that they have ended. */
  private void endAll(TaskSpec... parents) {
    for (TaskSpec parent : parents) {
      for (String key : List.of("a", "b", "c")) {
        cancel(child(parent, key));
        ended(parent, key, TaskState.CANCELLED);
      }
    }
  }

  private void deleteAll() {
    for (int round = 0; round < 3; round++) {
      releaseForgotten();
      clock.advance(KEEP_FAILED);
      store.deleteExpired(1_000);
    }
  }

  @Test
  void nothingIsLeftWhenEveryFamilyIsGone() throws Exception {
    TaskSpec cancelled = waitingFor(0, "a", "b");
    Claim.Claimed run = runningWith("a", "b");
    TaskSpec completed = run.task().spec();
    complete(child(completed, "a"));
    ended(completed, "a", TaskState.COMPLETED);
    settle(
        run,
        waits(childrenOf(completed, "c"), 3, Duration.ofSeconds(1), true),
        checkpoint("state", TaskId.child(completed.id(), "a")));
    complete(completed);
    Claim.Claimed failing = runningWith("a", "b");
    extend(failing, checkpoint("state"));
    settle(failing, new Ending.Failed(ERROR), checkpoint("newer"));
    TaskSpec failed = failing.task().spec();
    retry(failed);
    children().reopen(failed.id());
    settle(claim(failed), waits(childrenOf(failed, "c"), 0, Duration.ofSeconds(1), true));
    clock.advance(Duration.ofSeconds(1));
    assertThat(children().wakeDue(10)).hasSize(1);
    fail(failed);
    cancel(cancelled);
    assertThat(store.bytes()).isGreaterThan(7_000);
    endAll(cancelled, completed, failed);
    deleteAll();

    assertEmpty();
  }

  // --- a full memory

  private void fill() throws Exception {
    redis.command("CONFIG SET maxmemory 1mb");
    Await.until("it says that it is full", SOON, () -> store.trouble().isPresent());
  }

  @Test
  void aFullRedisTakesNoNewChildrenButFamiliesGoOnAndEnd() throws Exception {
    Claim.Claimed parent = runningWith("a", "b", "c", "d");
    TaskSpec spec = parent.task().spec();
    Claim.Claimed other = runningWith("a");
    TaskSpec waiting = waitingForOpen(0, "a");
    complete(child(spec, "a"));
    ended(spec, "a", TaskState.COMPLETED);
    fill();

    Unavailable refused =
        catchThrowableOfType(Unavailable.class, () -> await(other, 0, childrenOf(spec, "e")));
    assertThat(refused.surelyNotDone()).isTrue();
    assertThat(extend(other, checkpoint("left out"))).as("it is held still").isTrue();
    assertThat(settle(other, new Ending.Returned(Duration.ZERO))).isInstanceOf(Settled.Now.class);
    assertThat(claim(other.task().spec()).checkpoint()).isNull();

    settle(
        parent,
        waits(List.of(), 0, Duration.ofSeconds(1), true),
        checkpoint("two", TaskId.child(spec.id(), "a")));
    children().release(spec.id(), List.of(TaskId.child(spec.id(), "a")));
    assertThat(unread(spec)).isEmpty();
    assertThat(get(spec).waitingOn()).isEqualTo(3);
    fail(child(spec, "b"));
    assertThat(ended(spec, "b", TaskState.FAILED)).hasSize(1);
    Claim.Claimed again = claim(spec);
    assertThat(again.checkpoint()).asString().isEqualTo("two");
    settle(again, waits(List.of(), 0, Duration.ofSeconds(1), false));
    clock.advance(Duration.ofSeconds(1));
    assertThat(children().wakeDue(10)).hasSize(1);
    cancel(spec);
    assertThat(children().abandoned(10, 10)).hasSize(1);
    endAll(spec);
    retry(spec);
    assertThat(children().reopen(spec.id())).hasSize(2);
    assertThat(cancel(waiting)).isInstanceOf(CancelResult.Now.class);
    assertThat(releaseForgotten()).isZero();
    clock.advance(KEEP_COMPLETED);
    assertThat(store.deleteExpired(10)).isEqualTo(1);
  }

  @Test
  void childrenThatWereAskedForBeforeAreInsertedInWhatIsKeptForTasksThatAreThere()
      throws Exception {
    TaskSpec parent = waitingFor(0, "a");
    redis.command("CONFIG SET maxmemory " + redis.usedMemory() * 100 / 90);
    Await.until("it says that it is full", SOON, () -> store.trouble().isPresent());
    TaskSpec another = task();
    assertThatThrownBy(() -> inserted(another)).isInstanceOf(Unavailable.class);

    insertNew(childrenOf(parent, "a"));
    complete(child(parent, "a"));
    assertThat(ended(parent, "a", TaskState.COMPLETED)).hasSize(1);
  }

  @Test
  void newChildrenComeInPartsOfSomeMegabytes() {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    List<NewChild> asked =
        IntStream.range(0, 100)
            .mapToObj(i -> {
              TaskSpec child = child(spec, "k" + i);
              byte[] input = bytes("\"" + "x".repeat(BIG) + "\"");
              return new NewChild("k" + i, withInput(input, child));
            })
            .toList();
    settle(parent, new Ending.Waits(new Awaiting(asked, 0, null, false)));
    assertThat(store.bytes()).isGreaterThan(100L * BIG);
    List<TaskSpec> first = children().toInsert(Duration.ZERO, 1_000);
    assertThat(first).hasSizeBetween(60, 71);
    children().inserted(first);
    assertThat(children().toInsert(Duration.ZERO, 1_000)).hasSize(100 - first.size());
  }

  // --- an older version beside this one

  private Response older(String script, TaskSpec task, Object... arguments) throws Exception {
    return older.run(script, RedisShards.of(task.id()), arguments);
  }

  private void olderCancels(TaskSpec task) throws Exception {
    older("cancel", task, 0, task.id());
  }

  @Test
  void anOlderVersionLeavesAWaitingParentAlone() throws Exception {
    Claim.Claimed run = claimed();
    TaskSpec parent = run.task().spec();
    String token = run.lease().token();
    await(run, 0, childrenOf(parent, "a"));
    Task before = get(parent);
    Object[] completed = {parent.id(), token, "COMPLETED", 0, "", "", "JSON", "1"};
    clock.advance(Duration.ofDays(1));

    assertThat(older("claim", parent, "w", 1_000, 1, parent.id(), OTHER_TOKEN).get(0).get(0))
        .hasToString("HELD");
    assertThat(older("settle", parent, completed).get(0).get(0)).hasToString("BEFORE");
    completed[1] = OTHER_TOKEN;
    assertThat(older("settle", parent, completed).get(0).get(0)).hasToString("STALE");
    assertThat(older("extend", parent, 1_000, parent.id(), token, "").get(0)).hasToString("0");
    assertThat(older("reclaim", parent, 0, 1, parent.id()).get(0).get(0)).hasToString("HELD");
    assertThat(older("delete", parent, "EXPIRED", parent.id()).get(0)).isNull();
    assertThat(older("figures", parent).get(0)).hasToString("[RUNNING:" + LANE + ", 1]");
    assertThat(get(parent)).usingRecursiveComparison().isEqualTo(before);
    assertThat(ended(parent, "a", TaskState.COMPLETED)).hasSize(1);
    assertThat(older("claim", parent, "w", 1_000, 0, parent.id(), OTHER_TOKEN).get(0).get(0))
        .hasToString("CLAIMED");
  }

  @Test
  void whatAnOlderVersionCancelledAbandonsItsChildrenWhenTheChoreComesBy() throws Exception {
    Claim.Claimed run = runningWith("a");
    TaskSpec parent = run.task().spec();
    settle(run, waits(childrenOf(parent, "b"), 0, Duration.ofSeconds(1), true));
    olderCancels(parent);
    assertThat(get(parent).waitingOn()).isZero();
    assertThat(lane(LANE).running()).isZero();
    clock.advance(Duration.ofSeconds(1));
    assertThat(children().wakeDue(10)).isEmpty();
    assertThat(toInsert()).isEmpty();

    assertThat(children().waiting(null, 10)).isEmpty();
    assertThat(children().abandoned(10, 10))
        .containsExactly(new Family(parent.id(), sorted(childrenOf(parent, "a", "b"))));
    endAll(parent);
    deleteAll();
    assertEmpty();
  }

  @Test
  void whatAnOlderVersionCancelledAndRanAgainWaitsLikeAnyOther() throws Exception {
    TaskSpec parent = waitingForOpen(0, "a");
    olderCancels(parent);
    older("retry", parent, parent.id());
    older("claim", parent, "w", 30_000_000, 0, parent.id(), OTHER_TOKEN);
    assertThat(get(parent).waitingOn()).isZero();
    assertThat(children().waiting(null, 10)).isEmpty();
    assertThat(lane(LANE).waiting()).isZero();
    assertThat(lane(LANE).running()).isEqualTo(1);
    older("settle", parent, parent.id(), OTHER_TOKEN, "RETURNED", 0, "", "", "", "");
    settle(claim(parent), waits(List.of(), 0, null, false));
    assertThat(lane(LANE).waiting()).isEqualTo(1);

    assertThat(ended(parent, "a", TaskState.COMPLETED)).hasSize(1);
    assertThat(lane(LANE).waiting()).isZero();
    complete(parent);
    complete(child(parent, "a"));
    deleteAll();
    assertEmpty();
  }

  @Test
  void childrenOfAParentThatAnOlderVersionDeletedAreCancelled() throws Exception {
    TaskSpec parent = waitingForOpen(0, "a");
    olderCancels(parent);
    clock.advance(KEEP_COMPLETED);
    assertThat(older("delete", parent, "EXPIRED", parent.id()).get(0)).hasToString("");

    assertThat(children().waiting(null, 10)).isEmpty();
    assertThat(children().abandoned(10, 10))
        .containsExactly(new Family(parent.id(), ids(childrenOf(parent, "a"))));
    endAll(parent);
    assertThat(children().abandoned(10, 10)).isEmpty();
    deleteAll();
    assertEmpty();
  }

  @Test
  void aChildThatAnOlderVersionEndedIsReadAndReleasedLikeAnyOther() throws Exception {
    Claim.Claimed run = runningWith("a");
    TaskSpec parent = run.task().spec();
    TaskSpec child = child(parent, "a");
    String token = claim(child).lease().token();
    older("settle", child, child.id(), token, "COMPLETED", 0, "", "", "JSON", "1");
    assertThat(output(get(child))).asString().isEqualTo("1");
    ended(parent, "a", TaskState.COMPLETED);
    extend(run, checkpoint("1", child.id()));
    children().release(parent.id(), List.of(child.id()));
    settle(run, new Ending.Completed(json("1")));
    clock.advance(KEEP_COMPLETED);
    assertThat(store.deleteExpired(10)).isEqualTo(2);
    assertEmpty();
  }

  @Test
  void aChildThatAnOlderVersionRanAgainOrDeletedIsKeptNoMore() throws Exception {
    TaskSpec again = inserted(child(task(), "a"));
    fail(again);
    older("retry", again, again.id());
    assertThat(releaseForgotten()).isZero();
    assertThat(get(again).state()).isEqualTo(TaskState.PENDING);
    assertThat(content.send("KEYS", "*:kept").size()).isZero();
    cancel(again);
    assertThat(releaseForgotten()).isEqualTo(1);
    clock.advance(KEEP_COMPLETED);
    older("delete", again, "EXPIRED", again.id());
    inserted(task());
    TaskFilter family = TaskFilter.of("owner").childrenOf(requireNonNull(again.parent()));
    assertThat(store.list(family, null, 10).tasks()).isEmpty();
    assertThat(content.send("KEYS", "*:of:*").size()).as("looking mends it").isZero();
  }
}
