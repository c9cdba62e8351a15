package dev.penstock.store;

import static dev.penstock.store.TestTasks.KEEP_COMPLETED;
import static dev.penstock.store.TestTasks.KEEP_FAILED;
import static dev.penstock.store.TestTasks.LANE;
import static dev.penstock.store.TestTasks.bytes;
import static dev.penstock.store.TestTasks.ids;
import static dev.penstock.store.TestTasks.json;
import static dev.penstock.store.TestTasks.task;
import static dev.penstock.store.TestTasks.taskAt;
import static dev.penstock.store.TestTasks.taskWith;
import static dev.penstock.store.TestTasks.tasks;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.store.TaskStore.Claim;
import dev.penstock.store.TaskStore.Extension;
import dev.penstock.store.TaskStore.LaneFigures;
import dev.penstock.store.TaskStore.Lapsed;
import dev.penstock.store.TaskStore.Settled;
import dev.penstock.task.Ending;
import dev.penstock.task.Lane;
import dev.penstock.task.Lease;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every task store must do. */
abstract class TaskStoreContract {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration MARGIN = Duration.ofSeconds(10);
  private static final int MAX_LOST = 2;
  private static final int MANY = 10_000;
  private static final TaskError ERROR = new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw");
  private static final String OTHER_TOKEN = Lease.newToken();

  final SettableClock clock = new SettableClock();
  TaskStore store;

  /** Opens the store of this test: empty at first, then with what was there when it was closed. */
  abstract TaskStore open(InstantSource clock) throws Exception;

  /** Closes the store and all it stands on. */
  abstract void shutDown() throws Exception;

  @BeforeEach
  void openStore() throws Exception {
    store = open(clock);
  }

  @AfterEach
  void closeStore() throws Exception {
    shutDown();
  }

  private void restart() throws Exception {
    shutDown();
    store = open(clock);
  }

  // --- insert, find

  @Test
  void aNewTaskIsPendingAndWhole() {
    TaskSpec spec = task();
    store.insert(List.of(spec));

    Task task = get(spec);
    assertSame(task.spec(), spec);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.createdAt()).isEqualTo(clock.instant());
    assertThat(task.attempts()).isZero();
    assertThat(task.lost()).isZero();
    assertThat(task.startedAt()).isNull();
    assertThat(task.finishedAt()).isNull();
    assertThat(task.progress()).isNull();
    assertThat(task.worker()).isNull();
    assertThat(task.error()).isNull();
    assertThat(task.output()).isNull();
  }

  @Test
  void aRepeatedInsertChangesNothing() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    claim(spec);
    store.insert(List.of(spec, spec));

    assertThat(get(spec).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(lane(LANE).running()).isEqualTo(1);
    assertThat(lane(LANE).ready()).isZero();
  }

  @Test
  void anUnknownTaskIsNotFound() {
    assertThat(store.find(TaskId.random())).isEmpty();
    assertThat(store.findAll(List.of(TaskId.random()))).isEmpty();
  }

  @Test
  void emptyListsAreFine() {
    store.insert(List.of());
    assertThat(store.findAll(Set.of())).isEmpty();
    assertThat(store.claim(List.of(), "w", LEASE, false)).isEmpty();
    assertThat(store.extend(List.of(), LEASE)).isEmpty();
  }

  @Test
  void findAllLeavesInputsOutAndBringsResults() {
    List<TaskSpec> specs = tasks(3);
    store.insert(specs);
    settle(claim(specs.get(1)), new Ending.Completed(json("{\"n\":1}")));

    List<TaskId> asked = new ArrayList<>(ids(specs));
    asked.add(TaskId.random());
    Map<TaskId, Task> found = store.findAll(asked);
    assertThat(found).containsOnlyKeys(ids(specs));
    assertThat(found.values()).allMatch(task -> task.spec().input().length == 0);
    assertThat(output(known(found, specs.get(1)))).isEqualTo(bytes("{\"n\":1}"));
    assertThat(known(found, specs.get(0)).spec().metadata()).isEqualTo(specs.get(0).metadata());
  }

  @Test
  void aThousandTasksAreKeptAtOnce() {
    List<TaskSpec> specs = tasks(1_000);
    store.insert(specs);

    assertThat(store.findAll(ids(specs))).hasSize(1_000);
    assertThat(lane(LANE).ready()).isEqualTo(1_000);
  }

  @Test
  void textOfAnyKindComesBackUnchanged() throws Exception {
    Map<String, String> metadata =
        Map.of("ключ", "значение \" \\ \n \u0000", "😀", "日本語", "half", "\ud800", "", "");
    TaskSpec spec = taskWith(metadata, bytes("\"😀 é \\u0000 日本語\""));
    store.insert(List.of(spec));
    restart();

    assertSame(get(spec).spec(), spec);
  }

  @Test
  void bigInputsAndOutputsComeBackUnchanged() throws Exception {
    byte[] input = new byte[4 << 20];
    new Random(1).nextBytes(input);
    byte[] output = Arrays.copyOf(input, 3 << 20);
    TaskSpec spec = taskWith(Map.of(), input);
    store.insert(List.of(spec));
    Claim.Claimed claimed = claim(spec);
    assertThat(claimed.task().spec().input()).isEqualTo(input);
    settle(claimed, new Ending.Completed(new TaskOutput(TaskOutput.Format.EMBEDDINGS, output)));
    restart();

    Task task = get(spec);
    assertThat(task.spec().input()).isEqualTo(input);
    assertThat(output(task)).isEqualTo(output);
    assertThat(requireNonNull(task.output()).format()).isEqualTo(TaskOutput.Format.EMBEDDINGS);
  }

  @Test
  void emptyInputsAndOutputsAreKept() {
    TaskSpec spec = taskWith(Map.of(), new byte[0]);
    store.insert(List.of(spec));
    settle(claim(spec), new Ending.Completed(json("")));

    assertThat(get(spec).spec().input()).isEmpty();
    assertThat(output(get(spec))).isEmpty();
  }

  @Test
  void longTimesAreKept() {
    TaskSpec plain = task();
    TaskSpec spec =
        new TaskSpec(
            plain.id(),
            new Lane("ping", null),
            "owner",
            Priority.LOWEST,
            plain.input(),
            1,
            Duration.ofDays(365),
            Instant.MAX,
            new TaskSpec.Retention(Duration.ofDays(36_500), Duration.ZERO),
            Map.of(),
            null,
            null);
    store.insert(List.of(spec));

    assertThat(get(spec).spec().timeout()).isEqualTo(spec.timeout());
    assertThat(get(spec).spec().retention()).isEqualTo(spec.retention());
    assertThat(get(spec).spec().lane()).isEqualTo(spec.lane());
    assertThat(get(spec).spec().replyTo()).isNull();
    assertThat(store.promoteDue(10)).isEmpty();
  }

  // --- delete unclaimed

  @Test
  void anUnclaimedTaskCanBeForgotten() {
    TaskSpec spec = task();
    store.insert(List.of(spec));

    assertThat(store.deleteUnclaimed(spec.id())).isTrue();
    assertThat(store.find(spec.id())).isEmpty();
    assertThat(store.deleteUnclaimed(spec.id())).isFalse();
    assertThat(store.figures().lanes()).isEmpty();
  }

  @Test
  void aTaskThatWasEverClaimedIsNotForgotten() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    Claim.Claimed claimed = claim(spec);
    assertThat(store.deleteUnclaimed(spec.id())).isFalse();
    settle(claimed, new Ending.Returned(Duration.ZERO));
    assertThat(store.deleteUnclaimed(spec.id())).isFalse();
    assertThat(store.find(spec.id())).isPresent();
  }

  // --- claim

  @Test
  void aClaimGivesTheWholeTaskAndALease() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    clock.advance(Duration.ofSeconds(5));

    Claim.Claimed claimed = claim(spec);
    assertSame(claimed.task().spec(), spec);
    assertThat(claimed.task().state()).isEqualTo(TaskState.PROCESSING);
    assertThat(claimed.task().startedAt()).isEqualTo(clock.instant());
    assertThat(claimed.task().worker()).isEqualTo("w");
    assertThat(claimed.lease().id()).isEqualTo(spec.id());
    assertThat(claimed.lease().deadline()).isEqualTo(clock.instant().plus(LEASE));
    assertThat(get(spec).state()).isEqualTo(TaskState.PROCESSING);
  }

  @Test
  void claimsAreAnsweredInOrder() {
    List<TaskSpec> specs = tasks(3);
    store.insert(specs);
    settle(claim(specs.get(0)), new Ending.Completed(json("1")));
    claim(specs.get(1));
    TaskSpec later = taskAt(clock.instant().plusSeconds(60));
    TaskSpec suspect = task();
    store.insert(List.of(later, suspect));
    lose(claim(suspect));

    List<Claim> claims =
        store.claim(
            List.of(
                suspect.id(),
                specs.get(0).id(),
                specs.get(2).id(),
                TaskId.random(),
                later.id(),
                specs.get(2).id()),
            "w",
            LEASE,
            false);
    assertThat(claims.get(0)).isEqualTo(new Claim.Suspect());
    assertThat(claims.get(1)).isEqualTo(new Claim.Settled());
    assertThat(claims.get(2)).isInstanceOf(Claim.Claimed.class);
    assertThat(claims.get(3)).isEqualTo(new Claim.Settled());
    assertThat(claims.get(4)).isEqualTo(new Claim.Held());
    assertThat(claims.get(5)).isEqualTo(new Claim.Held());
  }

  @Test
  void aTaskThatLostALeaseIsClaimedAlone() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    lose(claim(spec));

    assertThat(store.claim(List.of(spec.id()), "w", LEASE, false))
        .containsExactly(new Claim.Suspect());
    Claim claimed = store.claim(List.of(spec.id()), "w", LEASE, true).getFirst();
    assertThat(claimed).isInstanceOf(Claim.Claimed.class);
    assertThat(((Claim.Claimed) claimed).task().lost()).isEqualTo(1);
  }

  @Test
  void everyClaimHasItsOwnToken() {
    List<TaskSpec> specs = tasks(100);
    store.insert(specs);

    assertThat(claimAll(specs).stream().map(claimed -> claimed.lease().token()).distinct())
        .hasSize(100);
  }

  @Test
  void ofManyWhoClaimOneTaskExactlyOneGetsIt() throws Exception {
    List<TaskSpec> specs = tasks(200);
    store.insert(specs);
    Map<TaskId, AtomicInteger> wins = new ConcurrentHashMap<>();
    atOnce(
        8,
        worker -> {
          for (TaskSpec spec : specs) {
            if (store.claim(List.of(spec.id()), "w" + worker, LEASE, false).getFirst()
                instanceof Claim.Claimed) {
              wins.computeIfAbsent(spec.id(), id -> new AtomicInteger()).incrementAndGet();
            }
          }
        });

    assertThat(wins).hasSize(200);
    assertThat(wins.values()).allMatch(n -> n.get() == 1);
  }

  @Test
  void manyTasksThroughManyWorkersAreEachSettledOnce() throws Exception {
    List<TaskSpec> specs = tasks(MANY);
    for (int i = 0; i < MANY; i += 1_000) {
      store.insert(specs.subList(i, i + 1_000));
    }
    AtomicInteger settled = new AtomicInteger();
    AtomicInteger notSettled = new AtomicInteger();
    atOnce(
        8,
        worker -> {
          for (int i = 0; i < MANY; i += 20) {
            // Two workers reach for each run of tasks.
            int from = (i + worker / 2 * (MANY / 4)) % MANY;
            for (Claim claim :
                store.claim(ids(specs.subList(from, from + 20)), "w" + worker, LEASE, false)) {
              if (claim instanceof Claim.Claimed claimed) {
                Settled answer = settle(claimed, new Ending.Completed(json("" + worker)));
                (answer instanceof Settled.Now ? settled : notSettled).incrementAndGet();
              }
            }
          }
        });

    assertThat(settled).hasValue(MANY);
    assertThat(notSettled).hasValue(0);
    assertThat(store.figures().states()).containsEntry(TaskState.COMPLETED, (long) MANY);
    assertThat(store.figures().lanes()).isEmpty();
  }

  // --- extend

  @Test
  void extendingMovesTheDeadlineAndKeepsProgress() {
    Claim.Claimed claimed = claimed();
    clock.advance(LEASE.minusSeconds(1));
    Progress progress = new Progress(3, 7, "half way ½");
    assertThat(store.extend(List.of(extension(claimed, progress)), LEASE)).isEmpty();
    clock.advance(LEASE);

    assertThat(reclaim().ready()).isEmpty();
    assertThat(get(claimed).progress()).isEqualTo(progress);
    store.extend(List.of(extension(claimed, null)), LEASE);
    assertThat(get(claimed).progress()).isEqualTo(progress);
  }

  @Test
  void extendingNamesTheLeasesThatAreLost() {
    Claim.Claimed zombie = claimed();
    lose(zombie);
    claimAlone(zombie.task().spec());
    Claim.Claimed held = claimed();
    Claim.Claimed ended = claimed();
    settle(ended, new Ending.Completed(json("1")));
    Claim.Claimed other = claimed();
    Extension stolen = new Extension(other.task().id(), held.lease().token(), null);
    Extension unknown = new Extension(TaskId.random(), OTHER_TOKEN, null);

    assertThat(
            store.extend(
                List.of(
                    extension(held, null),
                    extension(ended, null),
                    extension(zombie, new Progress(1, 1, "zombie")),
                    stolen,
                    unknown),
                LEASE))
        .containsExactlyInAnyOrder(
            ended.task().id(), zombie.task().id(), other.task().id(), unknown.id());
    assertThat(get(zombie).progress()).isNull();
  }

  @Test
  void aNewRunStartsWithoutProgress() {
    Claim.Claimed claimed = claimed();
    store.extend(List.of(extension(claimed, new Progress(1, 2, "x"))), LEASE);
    settle(claimed, new Ending.Returned(Duration.ZERO));

    assertThat(claim(claimed.task().spec()).task().progress()).isNull();
  }

  // --- settle

  @Test
  void aCompletedTaskKeepsItsOutput() throws Exception {
    Claim.Claimed claimed = claimed();
    clock.advance(Duration.ofSeconds(2));
    Settled settled = settle(claimed, new Ending.Completed(json("{\"a\":1}")));

    Task now = ((Settled.Now) settled).task();
    assertThat(now.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(output(now)).isEqualTo(bytes("{\"a\":1}"));
    assertThat(now.spec().input()).isEmpty();
    assertThat(now.spec().replyTo()).isEqualTo("node-1");
    assertThat(now.finishedAt()).isEqualTo(clock.instant());
    restart();
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.worker()).isEqualTo("w");
    assertThat(task.startedAt()).isEqualTo(clock.instant().minusSeconds(2));
    assertThat(task.finishedAt()).isEqualTo(clock.instant());
    assertThat(output(task)).isEqualTo(bytes("{\"a\":1}"));
    assertThat(task.error()).isNull();
    assertSame(task.spec(), claimed.task().spec());
  }

  @Test
  void aFailedTaskKeepsItsError() {
    Claim.Claimed claimed = claimed();
    Settled settled = settle(claimed, new Ending.Failed(ERROR));

    assertThat(((Settled.Now) settled).task().error()).isEqualTo(ERROR);
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.FAILED);
    assertThat(task.error()).isEqualTo(ERROR);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.finishedAt()).isEqualTo(clock.instant());
  }

  @Test
  void aBackoffSpendsAnAttemptAndWaits() {
    Claim.Claimed claimed = claimed();
    Settled settled = settle(claimed, new Ending.Backoff(ERROR, Duration.ofSeconds(9)));

    assertSame(((Settled.Now) settled).task().spec(), claimed.task().spec());
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.attempts()).isEqualTo(1);
    assertThat(task.error()).isEqualTo(ERROR);
    assertThat(task.startedAt()).isNull();
    assertThat(lane(LANE).scheduled()).isEqualTo(1);
    assertThat(claimOnce(claimed.task().spec())).isEqualTo(new Claim.Held());
    clock.advance(Duration.ofSeconds(9));
    assertThat(ids(store.promoteDue(10))).containsExactly(task.id());
    Claim.Claimed again = claim(task.spec());
    settle(again, new Ending.Completed(json("1")));
    assertThat(get(claimed).attempts()).isEqualTo(2);
    assertThat(get(claimed).error()).isNull();
  }

  @Test
  void aReturnedTaskSpendsNoAttempt() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Returned(Duration.ofSeconds(9)));
    assertThat(get(claimed).attempts()).isZero();
    assertThat(get(claimed).state()).isEqualTo(TaskState.PENDING);
    assertThat(lane(LANE).scheduled()).isEqualTo(1);
  }

  @Test
  void withoutADelayAGivenBackTaskIsReadyAtOnce() {
    Claim.Claimed claimed = claimed();
    settle(claimed, new Ending.Backoff(ERROR, Duration.ZERO));
    Claim.Claimed second = claim(claimed.task().spec());
    settle(second, new Ending.Returned(Duration.ZERO));

    assertThat(store.promoteDue(10)).isEmpty();
    assertThat(claim(claimed.task().spec()).task().attempts()).isEqualTo(1);
  }

  @Test
  void aRepeatedSettleChangesNothing() {
    for (Ending ending :
        List.of(
            new Ending.Completed(json("1")),
            new Ending.Failed(ERROR),
            new Ending.Backoff(ERROR, Duration.ofSeconds(1)),
            new Ending.Returned(Duration.ofSeconds(1)))) {
      Claim.Claimed claimed = claimed();
      assertThat(settle(claimed, ending)).isInstanceOf(Settled.Now.class);
      Task before = get(claimed);
      TaskStore.Figures figures = store.figures();
      clock.advance(Duration.ofMillis(1));

      assertThat(settle(claimed, ending)).isEqualTo(new Settled.Before());
      assertThat(settle(claimed, new Ending.Failed(ERROR))).isEqualTo(new Settled.Before());
      Task after = get(claimed);
      assertThat(after.state()).isEqualTo(before.state());
      assertThat(after.attempts()).isEqualTo(before.attempts());
      assertThat(after.finishedAt()).isEqualTo(before.finishedAt());
      assertThat(store.figures()).isEqualTo(figures);
    }
  }

  @Test
  void aStaleTokenSettlesNothing() {
    Claim.Claimed first = claimed();
    lose(first);
    Claim.Claimed second = claimAlone(first.task().spec());

    assertThat(settle(first, new Ending.Completed(json("old")))).isEqualTo(new Settled.Stale());
    assertThat(get(first).state()).isEqualTo(TaskState.PROCESSING);
    assertThat(settle(second, new Ending.Completed(json("new")))).isInstanceOf(Settled.Now.class);
    assertThat(settle(first, new Ending.Completed(json("old")))).isEqualTo(new Settled.Stale());
    assertThat(output(get(first))).isEqualTo(bytes("new"));
  }

  @Test
  void aReclaimedTaskThatNobodyRunsYetCannotBeSettled() {
    Claim.Claimed first = claimed();
    lose(first);

    assertThat(settle(first, new Ending.Completed(json("old")))).isEqualTo(new Settled.Stale());
    assertThat(get(first).state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  void anotherTasksTokenSettlesNothing() {
    Claim.Claimed one = claimed();
    Claim.Claimed other = claimed();

    assertThat(
            store.settle(one.task().id(), other.lease().token(), new Ending.Completed(json("x"))))
        .isEqualTo(new Settled.Stale());
    assertThat(store.settle(TaskId.random(), OTHER_TOKEN, new Ending.Failed(ERROR)))
        .isEqualTo(new Settled.Stale());
    assertThat(get(one).state()).isEqualTo(TaskState.PROCESSING);
  }

  @Test
  void aLateSettleCountsWhileNobodyElseHasTheTask() {
    Claim.Claimed claimed = claimed();
    clock.advance(LEASE.multipliedBy(10));

    assertThat(settle(claimed, new Ending.Completed(json("1")))).isInstanceOf(Settled.Now.class);
    assertThat(reclaim()).isEqualTo(new Lapsed(List.of(), List.of()));
  }

  // --- the clock

  @Test
  void aLeaseIsLostOnlyAfterItsMargin() {
    Claim.Claimed claimed = claimed();
    clock.advance(LEASE.plus(MARGIN));
    assertThat(reclaim().ready()).isEmpty();
    clock.advance(Duration.ofMillis(1));

    Lapsed lapsed = reclaim();
    assertThat(lapsed.failed()).isEmpty();
    assertThat(lapsed.ready()).hasSize(1);
    assertSame(lapsed.ready().getFirst(), claimed.task().spec());
    Task task = get(claimed);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.lost()).isEqualTo(1);
    assertThat(task.attempts()).isZero();
    assertThat(reclaim().ready()).isEmpty();
    assertThat(lane(LANE).ready()).isEqualTo(1);
  }

  @Test
  void aTaskThatIsLostTooOftenFails() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    for (int i = 0; i < MAX_LOST; i++) {
      lose(claimAlone(spec));
    }
    claimAlone(spec);
    clock.advance(LEASE.plus(MARGIN).plusMillis(1));

    Lapsed lapsed = reclaim();
    assertThat(lapsed.ready()).isEmpty();
    assertThat(lapsed.failed()).hasSize(1);
    Task failed = lapsed.failed().getFirst();
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(requireNonNull(failed.error()).code()).isEqualTo(TaskError.Code.LEASE_LOST);
    assertThat(failed.lost()).isEqualTo(MAX_LOST + 1);
    assertThat(failed.finishedAt()).isEqualTo(clock.instant());
    assertSame(failed.spec(), spec);
    assertThat(claimOnce(spec)).isEqualTo(new Claim.Settled());
  }

  @Test
  void lapsedLeasesComeALimitedNumberAtATime() {
    List<TaskSpec> specs = tasks(5);
    store.insert(specs);
    claimAll(specs);
    clock.advance(LEASE.plus(MARGIN).plusMillis(1));

    assertThat(store.reclaimLapsed(MARGIN, MAX_LOST, 3).ready()).hasSize(3);
    assertThat(store.reclaimLapsed(MARGIN, MAX_LOST, 3).ready()).hasSize(2);
  }

  @Test
  void aTaskIsNotReadyBeforeItsTime() {
    TaskSpec later = taskAt(clock.instant().plusSeconds(10));
    TaskSpec past = taskAt(clock.instant().minusSeconds(10));
    TaskSpec soon = taskAt(clock.instant().plusSeconds(5));
    store.insert(List.of(later, past, soon));

    assertThat(claimOnce(later)).isEqualTo(new Claim.Held());
    assertThat(claimOnce(past)).isInstanceOf(Claim.Claimed.class);
    assertThat(store.promoteDue(10)).isEmpty();
    assertThat(lane(LANE).scheduled()).isEqualTo(2);
    clock.advance(Duration.ofSeconds(10));
    assertThat(ids(store.promoteDue(1))).containsExactly(soon.id());
    List<TaskSpec> second = store.promoteDue(10);
    assertSame(second.getFirst(), later);
    assertThat(store.promoteDue(10)).isEmpty();
    assertThat(lane(LANE).ready()).isEqualTo(2);
    assertThat(claimOnce(later)).isInstanceOf(Claim.Claimed.class);
  }

  @Test
  void endedTasksGoWhenTheirTimeIsOver() {
    Claim.Claimed completed = claimed();
    Claim.Claimed failed = claimed();
    Claim.Claimed running = claimed();
    settle(completed, new Ending.Completed(json("1")));
    settle(failed, new Ending.Failed(ERROR));
    clock.advance(KEEP_COMPLETED.minusMillis(1));
    assertThat(store.deleteExpired(10)).isZero();
    clock.advance(Duration.ofMillis(1));
    assertThat(store.deleteExpired(10)).isEqualTo(1);
    assertThat(store.find(completed.task().id())).isEmpty();
    assertThat(store.find(failed.task().id())).isPresent();
    clock.advance(KEEP_FAILED);

    assertThat(store.deleteExpired(10)).isEqualTo(1);
    assertThat(store.find(failed.task().id())).isEmpty();
    assertThat(store.find(running.task().id())).isPresent();
    assertThat(store.figures().states())
        .containsEntry(TaskState.COMPLETED, 0L)
        .containsEntry(TaskState.FAILED, 0L)
        .containsEntry(TaskState.PROCESSING, 1L);
  }

  @Test
  void theOldestCompletedGoFirst() {
    List<Claim.Claimed> claims = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      claims.add(claimed());
    }
    for (Claim.Claimed claimed : claims.reversed()) {
      settle(
          claimed,
          claimed == claims.get(2) ? new Ending.Failed(ERROR) : new Ending.Completed(json("1")));
      clock.advance(Duration.ofSeconds(1));
    }

    assertThat(store.deleteOldestCompleted(2)).isEqualTo(2);
    assertThat(store.findAll(claims.stream().map(c -> c.task().id()).toList()))
        .containsOnlyKeys(
            claims.get(0).task().id(), claims.get(1).task().id(), claims.get(2).task().id());
    assertThat(store.deleteOldestCompleted(1_000)).isEqualTo(2);
    assertThat(store.deleteOldestCompleted(1_000)).isZero();
  }

  @Test
  void deletionsKeepToTheirLimit() {
    List<TaskSpec> specs = tasks(350);
    store.insert(specs);
    claimAll(specs).forEach(claimed -> settle(claimed, new Ending.Completed(json("1"))));
    assertThat(store.deleteOldestCompleted(120)).isEqualTo(120);
    clock.advance(KEEP_COMPLETED);
    assertThat(store.deleteExpired(215)).isEqualTo(215);
    assertThat(store.deleteExpired(215)).isEqualTo(15);
  }

  // --- figures

  @Test
  void figuresTellEveryStateAndEveryLaneWithLiveTasks() throws Exception {
    Lane ping = new Lane("ping", null);
    Instant first = clock.instant();
    store.insert(List.of(task(2), task(9), taskAt(first.plusSeconds(99))));
    clock.advance(Duration.ofSeconds(1));
    store.insert(List.of(task(9), task(ping)));
    settle(claimed(), new Ending.Completed(json("1")));
    settle(claimed(), new Ending.Failed(ERROR));
    claimed();
    restart();

    TaskStore.Figures figures = store.figures();
    assertThat(figures.states())
        .isEqualTo(
            Map.of(
                TaskState.PENDING, 5L,
                TaskState.PROCESSING, 1L,
                TaskState.COMPLETED, 1L,
                TaskState.FAILED, 1L,
                TaskState.CANCELLED, 0L));
    assertThat(figures.lanes())
        .containsExactlyInAnyOrder(
            new LaneFigures(LANE, 3, 1, 1, 1, first),
            new LaneFigures(ping, 1, 0, 0, 0, clock.instant()));
  }

  @Test
  void bytesGrowWithTheTasks() {
    long before = store.bytes();
    store.insert(List.of(taskWith(Map.of(), new byte[1 << 20])));

    assertThat(store.bytes()).isGreaterThan(before + (1 << 20) - 1);
  }

  @Test
  void aHealthyStoreHasNoTrouble() {
    store.insert(List.of(task()));
    assertThat(store.trouble()).isEmpty();
  }

  // --- restart

  @Test
  void aRestartKeepsEverything() throws Exception {
    List<TaskSpec> specs = tasks(3);
    store.insert(specs);
    List<Claim.Claimed> claims = claimAll(specs);
    store.extend(List.of(extension(claims.get(0), new Progress(1, 2, "one"))), LEASE);
    settle(claims.get(1), new Ending.Completed(json("[1]")));
    settle(claims.get(2), new Ending.Backoff(ERROR, Duration.ofSeconds(5)));
    Map<TaskId, Task> before = new HashMap<>(store.findAll(ids(specs)));
    TaskStore.Figures figures = store.figures();
    restart();

    for (TaskSpec spec : specs) {
      Task was = known(before, spec);
      Task task = get(spec);
      assertSame(task.spec(), spec);
      assertThat(task.state()).isEqualTo(was.state());
      assertThat(task.progress()).isEqualTo(was.progress());
      assertThat(task.attempts()).isEqualTo(was.attempts());
      assertThat(task.startedAt()).isEqualTo(was.startedAt());
      assertThat(task.error()).isEqualTo(was.error());
    }
    assertThat(store.figures()).isEqualTo(figures);
    assertThat(settle(claims.get(0), new Ending.Completed(json("1"))))
        .isInstanceOf(Settled.Now.class);
    assertThat(settle(claims.get(1), new Ending.Completed(json("1"))))
        .isEqualTo(new Settled.Before());
    clock.advance(Duration.ofSeconds(5));
    assertThat(ids(store.promoteDue(10))).containsExactly(specs.get(2).id());
  }

  // --- helpers

  private Claim.Claimed claimed() {
    TaskSpec spec = task();
    store.insert(List.of(spec));
    return claim(spec);
  }

  private Claim claimOnce(TaskSpec spec) {
    return store.claim(List.of(spec.id()), "w", LEASE, false).getFirst();
  }

  private Claim.Claimed claim(TaskSpec spec) {
    return (Claim.Claimed) claimOnce(spec);
  }

  private Claim.Claimed claimAlone(TaskSpec spec) {
    return (Claim.Claimed) store.claim(List.of(spec.id()), "w", LEASE, true).getFirst();
  }

  private List<Claim.Claimed> claimAll(List<TaskSpec> specs) {
    return store.claim(ids(specs), "w", LEASE, false).stream()
        .map(claim -> (Claim.Claimed) claim)
        .toList();
  }

  private Settled settle(Claim.Claimed claimed, Ending ending) {
    return store.settle(claimed.task().id(), claimed.lease().token(), ending);
  }

  /** Lets the lease lapse, and every other one that is held. */
  private void lose(Claim.Claimed claimed) {
    clock.advance(LEASE.plus(MARGIN).plusMillis(1));
    assertThat(ids(reclaim().ready())).contains(claimed.task().id());
  }

  private Lapsed reclaim() {
    return store.reclaimLapsed(MARGIN, MAX_LOST, 100);
  }

  private static Extension extension(Claim.Claimed claimed, @Nullable Progress progress) {
    return new Extension(claimed.task().id(), claimed.lease().token(), progress);
  }

  private static byte[] output(Task task) {
    return requireNonNull(task.output()).bytes();
  }

  private static Task known(Map<TaskId, Task> tasks, TaskSpec spec) {
    return requireNonNull(tasks.get(spec.id()));
  }

  private Task get(TaskSpec spec) {
    return store.find(spec.id()).orElseThrow();
  }

  private Task get(Claim.Claimed claimed) {
    return get(claimed.task().spec());
  }

  private LaneFigures lane(Lane lane) {
    return store.figures().lanes().stream()
        .filter(figures -> figures.lane().equals(lane))
        .findFirst()
        .orElseThrow();
  }

  private static void assertSame(TaskSpec actual, TaskSpec expected) {
    assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
  }

  private interface Work {
    void as(int worker) throws Exception;
  }

  private static void atOnce(int workers, Work work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Void>> all = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        int worker = i;
        all.add(() -> {
          work.as(worker);
          return null;
        });
      }
      for (Future<Void> done : threads.invokeAll(all, 2, TimeUnit.MINUTES)) {
        done.get();
      }
    }
  }
}
