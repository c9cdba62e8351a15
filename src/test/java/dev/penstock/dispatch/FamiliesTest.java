package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.CancelTasks;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.PurgeLane;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.RetryTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Swept;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryPolicy;
import dev.penstock.core.RetryResult;
import dev.penstock.core.TaskFilter;
import dev.penstock.task.ChildTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parents and children, as long as nothing breaks. */
final class FamiliesTest {
  private static final Lane CHILDREN = new Lane("ping", null);
  private static final Outcome DONE = new Outcome.Done(TaskOutput.json("1"));
  private static final Outcome FAILED = new Outcome.Reject(Rig.ERROR);

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private LeasedTask parent() throws InterruptedException {
    TaskSpec spec = task();
    rig.submit(spec);
    return next(LANE);
  }

  private LeasedTask next(Lane lane) throws InterruptedException {
    List<LeasedTask> leased = rig.lease(lane);
    assertThat(leased).hasSize(1);
    return leased.getFirst();
  }

  private static ChildTask child(String key) {
    return ChildTask.of(key, CHILDREN, key);
  }

  private static Outcome await(int wakeAt, String... keys) {
    return new Outcome.Await(
        Stream.of(keys).map(FamiliesTest::child).toList(), wakeAt, null, false, null);
  }

  private SettleReply settle(LeasedTask leased, Outcome outcome, @Nullable Checkpoint checkpoint) {
    return rig.dispatcher
        .settle(
            List.of(
                new SettleTask(
                    leased.task().id(), null, leased.lease().token(), outcome, checkpoint)))
        .getFirst();
  }

  private Task known(LeasedTask leased) {
    return known(leased.task().id());
  }

  private Task known(TaskId id) {
    return rig.store.find(id).orElseThrow();
  }

  private static TaskId id(LeasedTask parent, String key) {
    return TaskId.child(parent.task().id(), key);
  }

  private EndedChildren found(LeasedTask parent, @Nullable TaskId after, int limit) {
    return new FoundChildren(rig.store)
        .find(new FindChildren(parent.task().id(), parent.lease().token(), after, limit));
  }

  private static Checkpoint checkpoint(String state, TaskId... read) {
    return new Checkpoint(state.getBytes(StandardCharsets.UTF_8), List.of(read));
  }

  private TaskError failure(LeasedTask leased) {
    Task task = known(leased);
    assertThat(task.state()).isEqualTo(TaskState.FAILED);
    return requireNonNull(task.error());
  }

  @Test
  void aParentIsRunAgainWhenItsChildrenHaveEndedAndReadsTheirResults() throws Exception {
    LeasedTask first = parent();
    assertThat(rig.settle(first, await(0, "a", "b"))).isEqualTo(SettleReply.SETTLED);
    assertThat(known(first).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(known(first).waitingOn()).isEqualTo(2);
    assertThat(rig.lease(LANE)).isEmpty();

    List<LeasedTask> children = rig.lease(CHILDREN);
    assertThat(children).extracting(one -> one.task().id()).contains(id(first, "a"));
    rig.settle(children.getFirst(), DONE);
    assertThat(rig.lease(LANE)).as("one is open").isEmpty();
    rig.settle(children.getLast(), FAILED);
    LeasedTask second = next(LANE);
    assertThat(second.run()).isEqualTo(2);
    assertThat(second.task().attempts()).isZero();

    EndedChildren found = found(second, null, 10);
    assertThat(found.open()).isZero();
    assertThat(found.more()).isFalse();
    assertThat(found.children())
        .hasSize(2)
        .allSatisfy(one -> {
          boolean completed = one.id().equals(children.getFirst().task().id());
          assertThat(one.state()).isEqualTo(completed ? TaskState.COMPLETED : TaskState.FAILED);
          assertThat(one.output() != null).isEqualTo(completed);
          assertThat(one.error()).isEqualTo(completed ? null : Rig.ERROR);
        });
    assertThat(rig.settle(second, DONE)).isEqualTo(SettleReply.SETTLED);
    assertThat(known(first).attempts()).isEqualTo(1);
    assertThat(rig.registry.counter("penstock.runs", "lane", LANE.name(), "outcome", "waits"))
        .satisfies(counter -> assertThat(counter.count()).isEqualTo(1));
  }

  @Test
  void aChildIsNoMoreUrgentThanItsParentWhichAKeyWasHeldTo() throws Exception {
    LeasedTask parent = parent();
    var urgent =
        new ChildTask(
            "urgent",
            CHILDREN,
            "1".getBytes(StandardCharsets.UTF_8),
            Priority.HIGHEST,
            null,
            null,
            Map.of());
    rig.settle(parent, new Outcome.Await(List.of(urgent), 0, null, false, null));
    assertThat(known(id(parent, "urgent")).spec().priority())
        .isEqualTo(parent.task().spec().priority());
  }

  @Test
  void aChildIsAsItsParentInAllThatItDoesNotSay() throws Exception {
    LeasedTask parent = parent();
    rig.clock.advance(Duration.ofMinutes(3));
    var own =
        new ChildTask(
            "own",
            CHILDREN,
            "2".getBytes(StandardCharsets.UTF_8),
            new Priority(1),
            new TaskSpec.Limits(1, Duration.ofSeconds(2)),
            new TaskSpec.Retention(Duration.ofSeconds(3), Duration.ofSeconds(4)),
            Map.of("k", "v"));
    rig.settle(parent, new Outcome.Await(List.of(child("plain"), own), 0, null, false, null));

    TaskSpec asker = parent.task().spec();
    TaskSpec plain = known(id(parent, "plain")).spec();
    assertThat(plain.owner()).isEqualTo(asker.owner());
    assertThat(plain.parent()).isEqualTo(asker.id());
    assertThat(plain.priority()).isEqualTo(asker.priority());
    assertThat(plain.limits()).isEqualTo(asker.limits());
    assertThat(plain.retention()).isEqualTo(asker.retention());
    assertThat(plain.metadata()).isEmpty();
    assertThat(plain.replyTo()).isNull();
    assertThat(plain.submittedAt()).isEqualTo(rig.clock.instant());
    TaskSpec special = known(id(parent, "own")).spec();
    assertThat(special.priority()).isEqualTo(new Priority(1));
    assertThat(special.limits()).isEqualTo(own.limits());
    assertThat(special.retention()).isEqualTo(own.retention());
    assertThat(special.metadata()).isEqualTo(Map.of("k", "v"));
  }

  @Test
  void aChildThatAClientCouldNotSubmitFailsItsParent() throws Exception {
    LeasedTask parent = parent();
    var refused = new ChildTask("second", CHILDREN, Rig.REFUSED, null, null, null, Map.of());
    rig.settle(parent, new Outcome.Await(List.of(child("a"), refused), 0, null, false, null));

    assertThat(failure(parent))
        .isEqualTo(
            new TaskError(TaskError.Code.INVALID_INPUT, "child second: its input is no good"));
    assertThat(rig.lease(CHILDREN)).isEmpty();
  }

  @Test
  void limitsAndMetadataOfAChildAreThoseOfClients() throws Exception {
    byte[] input = "1".getBytes(StandardCharsets.UTF_8);
    for (ChildTask bad :
        List.of(
            new ChildTask(
                "k",
                CHILDREN,
                input,
                null,
                new TaskSpec.Limits(101, Duration.ofSeconds(1)),
                null,
                Map.of()),
            new ChildTask(
                "k",
                CHILDREN,
                input,
                null,
                new TaskSpec.Limits(1, Duration.ofHours(25)),
                null,
                Map.of()),
            new ChildTask(
                "k",
                CHILDREN,
                input,
                null,
                null,
                new TaskSpec.Retention(Duration.ofDays(31), Duration.ZERO),
                Map.of()),
            new ChildTask("k", CHILDREN, input, null, null, null, Map.of("", "v")),
            new ChildTask("k", CHILDREN, input, null, null, null, Map.of("k", "v".repeat(513))))) {
      LeasedTask parent = parent();
      rig.settle(parent, new Outcome.Await(List.of(bad), 0, null, false, null));
      assertThat(failure(parent).code()).isEqualTo(TaskError.Code.INVALID_INPUT);
      assertThat(failure(parent).message()).startsWith("child k: ");
    }
  }

  @Test
  void whoAsksForTooMuchFails() throws Exception {
    LeasedTask many = parent();
    String[] keys =
        IntStream.rangeClosed(0, Outcome.Await.MOST_CHILDREN)
            .mapToObj(Integer::toString)
            .toArray(String[]::new);
    rig.settle(many, await(0, keys));
    assertThat(failure(many).code()).isEqualTo(TaskError.Code.HANDLER_FAILED);
    assertThat(failure(many).message()).contains("257").contains("256");

    LeasedTask large = parent();
    byte[] half = new byte[Outcome.Await.MOST_BYTES / 2 + 1];
    Arrays.fill(half, (byte) '1');
    List<ChildTask> two =
        Stream.of("a", "b")
            .map(key -> new ChildTask(key, CHILDREN, half, null, null, null, Map.of()))
            .toList();
    rig.settle(large, new Outcome.Await(two, 0, null, false, null));
    assertThat(failure(large).message()).contains("bytes");

    LeasedTask state = parent();
    rig.settle(state, new Outcome.Await(List.of(), 0, null, false, new byte[(64 << 10) + 1]));
    assertThat(failure(state).message()).contains("checkpoint");
    assertThat(rig.lease(CHILDREN)).isEmpty();
  }

  @Test
  void whoWouldHaveTooManyOpenChildrenFailsAndThoseItHasAreCancelled() throws Exception {
    LeasedTask parent = parent();
    int rounds = Outcome.Await.MOST_OPEN / Outcome.Await.MOST_CHILDREN;
    for (int round = 0; round < rounds; round++) {
      int number = round;
      String[] keys =
          IntStream.range(0, Outcome.Await.MOST_CHILDREN)
              .mapToObj(i -> number + "-" + i)
              .toArray(String[]::new);
      rig.settle(parent, await(Outcome.Await.MOST_OPEN, keys));
      parent = next(LANE);
    }
    assertThat(rig.settle(parent, await(0, "one more"))).isEqualTo(SettleReply.SETTLED);
    assertThat(failure(parent).code()).isEqualTo(TaskError.Code.HANDLER_FAILED);
    assertThat(failure(parent).message()).contains("1024");

    var cancels = new Cancels(rig.store, rig.dispatcher, rig.families);
    new Abandoned(rig.store, cancels, rig.families).run();
    assertThat(rig.store.children().abandoned(10, 10)).isEmpty();
    assertThat(states(parent)).containsOnly(TaskState.CANCELLED).hasSize(100);
    assertThat(rig.lease(CHILDREN)).isEmpty();
  }

  private List<TaskState> states(LeasedTask parent) {
    TaskFilter children = TaskFilter.of("owner").childrenOf(parent.task().id());
    return rig.store.list(children, null, 100).tasks().stream().map(Task::state).toList();
  }

  @Test
  void aFullStorePostponesWhoAsksForChildrenAndKeepsWhatItHadSaidBefore() throws Exception {
    LeasedTask first = parent();
    rig.settle(first, await(0, "a"));
    rig.settle(next(CHILDREN), DONE);
    LeasedTask second = next(LANE);
    rig.fillTo(1);
    byte[] later = "later".getBytes(StandardCharsets.UTF_8);
    var more = new Outcome.Await(List.of(child("b")), 0, null, false, later);
    settle(second, more, checkpoint("before", id(first, "a")));
    assertThat(known(first).state()).isEqualTo(TaskState.PENDING);
    assertThat(known(first).attempts()).isZero();
    assertThat(found(first, null, 10).children()).as("it is read").isEmpty();

    rig.clock.advance(Settlements.UNTIL_ROOM);
    new Scheduler(rig.store, rig.dispatcher).run();
    LeasedTask third = next(LANE);
    assertThat(third.checkpoint()).isEqualTo("before".getBytes(StandardCharsets.UTF_8));
    rig.settle(third, await(0));
    assertThat(next(LANE).task().id())
        .as("a wait alone needs no room")
        .isEqualTo(first.task().id());
  }

  @Test
  void aFullStoreExtendsLeasesAndLeavesOutWhatTheyCarry() throws Exception {
    LeasedTask parent = parent();
    rig.fillTo(1);
    String token = parent.lease().token();
    var held = new HeldLease(parent.task().id(), token, null, checkpoint("left out"));
    assertThat(rig.dispatcher.extend(new ExtendLeases("worker", List.of(held)))).isEmpty();
    rig.settle(parent, new Outcome.Postpone(Duration.ZERO));
    assertThat(next(LANE).checkpoint()).isNull();
  }

  @Test
  void whatAnAwaitLeavesTakesThePlaceOfWhatWasSaidBeforeWithItsReadChildren() throws Exception {
    LeasedTask first = parent();
    rig.settle(first, await(0, "a"));
    rig.settle(next(CHILDREN), DONE);
    LeasedTask second = next(LANE);
    byte[] later = "later".getBytes(StandardCharsets.UTF_8);
    settle(
        second,
        new Outcome.Await(List.of(child("b")), 1, null, false, later),
        checkpoint("before", id(first, "a")));

    LeasedTask third = next(LANE);
    assertThat(third.checkpoint()).isEqualTo(later);
    assertThat(found(third, null, 10)).isEqualTo(new EndedChildren(List.of(), false, 1));
    rig.clock.advance(Duration.ofDays(8));
    assertThat(rig.store.deleteExpired(10)).as("what is read may go").isEqualTo(1);
    assertThat(rig.store.find(id(first, "a"))).isEmpty();
  }

  @Test
  void aWaitEndsWhenItsTimeIsOverOrAChildFailsThatItAskedAbout() throws Exception {
    LeasedTask first = parent();
    rig.settle(
        first,
        new Outcome.Await(List.of(child("a"), child("b")), 0, Duration.ofMinutes(1), true, null));
    rig.clock.advance(Duration.ofMinutes(1));
    new Scheduler(rig.store, rig.dispatcher).run();
    LeasedTask second = next(LANE);
    assertThat(found(second, null, 10).open()).isEqualTo(2);

    rig.settle(second, new Outcome.Await(List.of(), 0, null, true, null));
    rig.settle(rig.lease(CHILDREN).getFirst(), FAILED);
    assertThat(found(next(LANE), null, 10).open()).isEqualTo(1);
  }

  @Test
  void aCancelReachesChildrenAndGrandchildrenAtOnce() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(0, "waits", "idle"));
    List<LeasedTask> children = rig.lease(CHILDREN);
    rig.settle(children.getFirst(), await(0, "grandchild"));
    rig.byHand.cancel(new CancelTask(parent.task().id()));

    TaskId grandchild = id(children.getFirst(), "grandchild");
    for (TaskId each : List.of(id(parent, "waits"), id(parent, "idle"), grandchild)) {
      assertThat(known(each).state()).isEqualTo(TaskState.CANCELLED);
    }
    assertThat(rig.lease(CHILDREN)).isEmpty();
    assertThat(rig.settle(children.getLast(), DONE)).isNotEqualTo(SettleReply.SETTLED);
    assertThat(rig.store.children().abandoned(10, 10)).isEmpty();
  }

  @Test
  void aPurgedOrSweptChildCountsAsEnded() throws Exception {
    LeasedTask first = parent();
    rig.settle(first, await(0, "a", "b"));
    rig.byHand.purge(new PurgeLane(CHILDREN));
    LeasedTask second = next(LANE);
    rig.settle(second, await(0, "c"));
    rig.byHand.cancel(new CancelTasks(TaskFilter.of("owner").childrenOf(first.task().id())));
    assertThat(found(next(LANE), null, 10).children())
        .hasSize(3)
        .allMatch(child -> child.state() == TaskState.CANCELLED);
  }

  @Test
  void aChildWhoseParentHasEndedIsNotRunThoughNobodyHasCancelledIt() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(1, "a", "b"));
    LeasedTask again = rig.lease(CHILDREN).getFirst();
    rig.settle(again, new Outcome.Postpone(Duration.ZERO));
    rig.store.cancel(List.of(parent.task().id()));
    rig.clock.advance(Duration.ofSeconds(3)); // It was seen alive.

    assertThat(rig.lease(CHILDREN)).isEmpty();
    assertThat(known(again).state()).isEqualTo(TaskState.CANCELLED);
  }

  @Test
  void childrenThatAreInsertedTooLateAreCancelled() throws Exception {
    LeasedTask parent = parent();
    var settlement =
        new Settlements(
                rig.store,
                new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(1)),
                new ChildSpecs((lane, _) -> lane, rig.clock),
                3,
                () -> false)
            .settle(
                List.of(
                    new SettleTask(
                        parent.task().id(), null, parent.lease().token(), await(0, "late"))));
    rig.byHand.cancel(new CancelTask(parent.task().id()));

    assertThat(rig.families.settled(settlement)).containsExactly(id(parent, "late"));
  }

  @Test
  void resultsComeAFewMegabytesAtATime() throws Exception {
    LeasedTask parent = parent();
    String[] keys = IntStream.range(0, 7).mapToObj(Integer::toString).toArray(String[]::new);
    rig.settle(parent, await(0, keys));
    byte[] large = new byte[3 << 20];
    Arrays.fill(large, (byte) '1');
    var output = new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, large));
    for (LeasedTask child : rig.lease(CHILDREN)) {
      rig.settle(child, output);
    }
    @Nullable TaskId after = null;
    for (int page = 0; page < keys.length; page++) {
      EndedChildren found = found(parent, after, 10);
      assertThat(found.children()).hasSize(1);
      assertThat(found.more()).isEqualTo(page < keys.length - 1);
      after = found.children().getLast().id();
    }
    assertThat(found(parent, after, 10).children()).isEmpty();
  }

  @Test
  void aRetriedParentHasItsFailedAndCancelledChildrenRunAgainAndNoOthers() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(1, "done", "failed", "cancelled"));
    for (LeasedTask child : rig.lease(CHILDREN)) {
      if (child.task().id().equals(id(parent, "done"))) {
        rig.settle(child, DONE);
      } else if (child.task().id().equals(id(parent, "failed"))) {
        rig.settle(child, FAILED);
      }
    }
    rig.settle(next(LANE), FAILED);
    var cancels = new Cancels(rig.store, rig.dispatcher, rig.families);
    new Abandoned(rig.store, cancels, rig.families).run();
    assertThat(states(parent))
        .containsExactlyInAnyOrder(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED);
    assertThat(rig.byHand.retry(new RetryTask(id(parent, "failed"))))
        .as("it would be cancelled at once")
        .isEqualTo(new RetryResult.ParentEnded(parent.task().id()));

    assertThat(rig.byHand.retry(new RetryTask(parent.task().id())))
        .isInstanceOf(RetryResult.Now.class);
    assertThat(found(parent, null, 10).open()).isEqualTo(2);
    rig.settle(next(LANE), await(0));
    List<LeasedTask> again = rig.lease(CHILDREN);
    assertThat(again)
        .extracting(child -> child.task().id())
        .containsExactlyInAnyOrder(id(parent, "failed"), id(parent, "cancelled"));
    again.forEach(child -> rig.settle(child, DONE));
    assertThat(found(next(LANE), null, 10).children())
        .hasSize(3)
        .allMatch(child -> child.state() == TaskState.COMPLETED);
  }

  @Test
  void aParentThatWasRetriedAndCancelledBeforeItRanHasItsChildrenRunAgain() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(1, "a", "b"));
    rig.settle(rig.lease(CHILDREN).getFirst(), DONE);
    rig.settle(next(LANE), FAILED);
    var cancels = new Cancels(rig.store, rig.dispatcher, rig.families);
    var abandoned = new Abandoned(rig.store, cancels, rig.families);
    abandoned.run();
    rig.clock.advance(Duration.ofSeconds(1));
    rig.byHand.retry(new RetryTask(parent.task().id()));
    rig.byHand.cancel(new CancelTask(parent.task().id()));
    abandoned.run();

    assertThat(rig.byHand.retry(new RetryTask(parent.task().id())))
        .isInstanceOf(RetryResult.Now.class);
    assertThat(found(parent, null, 10).open()).isEqualTo(1);
    assertThat(rig.lease(CHILDREN)).hasSize(1);
  }

  @Test
  void whoSaysThatItHasReadTheChildOfAnotherDoesNotLetItGo() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(0, "a"));
    rig.settle(next(CHILDREN), DONE);
    next(LANE);
    LeasedTask other = parent();
    settle(other, FAILED, checkpoint("read", id(parent, "a")));
    rig.clock.advance(Duration.ofDays(30));
    rig.store.deleteExpired(10);

    assertThat(found(parent, null, 10).children())
        .singleElement()
        .satisfies(child -> assertThat(child.state()).isEqualTo(TaskState.COMPLETED));
  }

  @Test
  void aParentWhoseUnreadChildIsGoneCannotBeRetried() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(0, "a"));
    rig.settle(next(CHILDREN), DONE);
    rig.settle(next(LANE), FAILED);
    // As if its record had been lost.
    rig.store.children().release(parent.task().id(), List.of(id(parent, "a")));
    rig.clock.advance(Duration.ofHours(2));
    rig.store.deleteExpired(10);

    assertThat(found(parent, null, 10).children())
        .singleElement()
        .satisfies(child -> {
          assertThat(child.state()).isEqualTo(TaskState.FAILED);
          assertThat(requireNonNull(child.error()).message()).contains("lost");
        });
    assertThat(rig.byHand.retry(new RetryTask(parent.task().id())))
        .isEqualTo(new RetryResult.ChildrenGone());
    assertThat(known(parent).state()).isEqualTo(TaskState.FAILED);
    assertThat(rig.byHand.retry(new RetryTasks(TaskFilter.of("owner"))))
        .isEqualTo(new Swept(0, false));
  }

  @Test
  void aChildThatIsNotKnownForAMinuteIsToldAsFailed() throws Exception {
    LeasedTask parent = parent();
    rig.settle(parent, await(0, "a"));
    var looks = new MissedEnds(rig.store, rig.families, () -> rig.clock.millis() * 1_000_000);
    assertThat(rig.store.withdraw(id(parent, "a"))).as("as if it had been lost").isTrue();
    for (int i = 0; i < 59; i++) {
      looks.run();
      rig.clock.advance(Duration.ofSeconds(1));
    }
    assertThat(rig.lease(LANE)).as("its message may make it again").isEmpty();
    for (int i = 0; i < 60; i++) {
      looks.run();
      rig.clock.advance(Duration.ofSeconds(1));
    }
    assertThat(found(next(LANE), null, 10).children())
        .singleElement()
        .satisfies(child -> assertThat(child.state()).isEqualTo(TaskState.FAILED));
  }
}
