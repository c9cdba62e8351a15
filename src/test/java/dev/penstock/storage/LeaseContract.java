package dev.penstock.storage;

import static dev.penstock.storage.TaskStore.Living.ALWAYS;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Living;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.storage.TaskStore.Taking;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Claiming tasks, and extending the leases on them. */
interface LeaseContract extends StoreRig {
  int MANY = 10_000;

  @Test
  default void aClaimGivesTheWholeTaskAndALease() {
    TaskSpec spec = task();
    store().insert(List.of(spec));
    clock().advance(Duration.ofSeconds(5));

    Claim.Claimed claimed = claim(spec);
    assertSame(claimed.task().spec(), spec);
    assertThat(claimed.task().state()).isEqualTo(TaskState.PROCESSING);
    assertThat(claimed.task().startedAt()).isEqualTo(clock().instant());
    assertThat(claimed.task().worker()).isEqualTo("w");
    assertThat(claimed.lease().id()).isEqualTo(spec.id());
    assertThat(claimed.lease().deadline()).isEqualTo(clock().instant().plus(LEASE));
    assertThat(get(spec).state()).isEqualTo(TaskState.PROCESSING);
  }

  @Test
  default void claimsAreAnsweredInOrder() {
    List<TaskSpec> specs = tasks(3);
    store().insert(specs);
    settle(claim(specs.get(0)), new Ending.Completed(json("1")));
    claim(specs.get(1));
    TaskSpec later = taskAt(clock().instant().plusSeconds(600));
    store().insert(List.of(later));
    TaskSpec suspect = suspect();

    List<Claim> claims =
        store()
            .claim(
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
    assertThat(claims.get(3)).as("never heard of").isInstanceOf(Claim.Unknown.class);
    assertThat(claims.get(4)).isEqualTo(new Claim.Held());
    assertThat(claims.get(5)).isEqualTo(new Claim.Held());
  }

  @Test
  default void aTaskThatTwoProcessesDiedOfIsClaimedApart() {
    TaskSpec spec = inserted(task());
    die(claim(spec));
    assertThat(claim(spec).deaths()).as("one death may be anybody's").isEqualTo(1);
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    store().reclaimLapsed(MARGIN, MAX_LOST, 100, new Living(true, Map.of("another", ALWAYS)));

    assertThat(claimOnce(spec)).isEqualTo(new Claim.Suspect());
    Claim claimed = store().claim(List.of(spec.id()), "w", LEASE, Taking.APART).getFirst();
    assertThat(claimed).isInstanceOf(Claim.Claimed.class);
    assertThat(((Claim.Claimed) claimed).deaths()).isEqualTo(2);
    assertThat(((Claim.Claimed) claimed).task().lost()).isEqualTo(2);
  }

  @Test
  default void aLeaseThatLapsesThoughItsProcessLivesMakesNoSuspect() {
    TaskSpec spec = inserted(task());
    for (Living living : List.of(new Living(true, Map.of("w", ALWAYS)), Living.UNKNOWN)) {
      claim(spec);
      clock().advance(LEASE.plus(MARGIN).plusMillis(1));
      assertThat(store().reclaimLapsed(MARGIN, MAX_LOST, 100, living).ready()).hasSize(1);
    }
    assertThat(get(spec).lost()).isEqualTo(2);
    assertThat(claim(spec).deaths()).isZero();
  }

  @Test
  default void aProcessThatTookAnothersNameDoesNotHideItsDeath() {
    TaskSpec before = inserted(task());
    claim(before);
    clock().advance(Duration.ofSeconds(10));
    TaskSpec after = inserted(task());
    clock().advance(Duration.ofSeconds(1));
    claim(after);
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));

    Duration since = LEASE.plus(MARGIN).plusSeconds(5);
    Living living = new Living(true, Map.of("w", since));
    assertThat(store().reclaimLapsed(MARGIN, MAX_LOST, 100, living).ready()).hasSize(2);
    assertThat(claim(before).deaths()).isEqualTo(1);
    assertThat(claim(after).deaths()).isZero();
  }

  @Test
  default void whatRanApartIsNotBlamedForTheDeathOfItsHolder() {
    TaskSpec spec = suspect();
    store().claim(List.of(spec.id()), "w", LEASE, Taking.APART);
    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    store().reclaimLapsed(MARGIN, 10, 100, new Living(true, Map.of()));
    assertThat(claimAlone(spec).deaths()).isEqualTo(2);

    clock().advance(LEASE.plus(MARGIN).plusMillis(1));
    store().reclaimLapsed(MARGIN, 10, 100, new Living(true, Map.of()));
    assertThat(claimAlone(spec).deaths()).as("it was claimed to run here").isEqualTo(3);
  }

  @Test
  default void aTaskThatKillsItsProcessAloneRunsAgainUntilItHasDoneSoTooOften() {
    TaskError error = new TaskError(TaskError.Code.LEASE_LOST, "signal 11");
    Claim.Claimed first = claimed();
    TaskSpec spec = first.task().spec();
    assertThat(settle(first, new Ending.Died(error, 1))).isInstanceOf(Settled.Now.class);
    assertThat(settle(first, new Ending.Died(error, 1))).isEqualTo(new Settled.Before());
    Task task = get(spec);
    assertThat(task.state()).isEqualTo(TaskState.PENDING);
    assertThat(task.attempts()).isZero();
    assertThat(task.lost()).isEqualTo(1);

    Claim.Claimed second = claim(spec);
    assertThat(second.deaths()).isEqualTo(1);
    Task failed = ((Settled.Now) settle(second, new Ending.Died(error, 1))).task();
    assertThat(failed.state()).isEqualTo(TaskState.FAILED);
    assertThat(failed.error()).isEqualTo(error);
    assertThat(failed.attempts()).isZero();
    assertThat(failed.lost()).isEqualTo(2);
    assertThat(lane(LANE).failed()).isEqualTo(1);
  }

  @Test
  default void everyClaimHasItsOwnToken() {
    List<TaskSpec> specs = tasks(100);
    store().insert(specs);

    assertThat(claimAll(specs).stream().map(claimed -> claimed.lease().token()).distinct())
        .hasSize(100);
  }

  @Test
  default void ofManyWhoClaimOneTaskExactlyOneGetsIt() throws Exception {
    List<TaskSpec> specs = tasks(200);
    store().insert(specs);
    Map<TaskId, AtomicInteger> wins = new ConcurrentHashMap<>();
    atOnce(
        8,
        worker -> {
          for (TaskSpec spec : specs) {
            if (store().claim(List.of(spec.id()), "w" + worker, LEASE, false).getFirst()
                instanceof Claim.Claimed) {
              wins.computeIfAbsent(spec.id(), id -> new AtomicInteger()).incrementAndGet();
            }
          }
        });

    assertThat(wins).hasSize(200);
    assertThat(wins.values()).allMatch(n -> n.get() == 1);
  }

  @Test
  default void manyTasksThroughManyWorkersAreEachSettledOnce() throws Exception {
    List<TaskSpec> specs = tasks(MANY);
    for (int i = 0; i < MANY; i += 1_000) {
      store().insert(specs.subList(i, i + 1_000));
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
                store().claim(ids(specs.subList(from, from + 20)), "w" + worker, LEASE, false)) {
              if (claim instanceof Claim.Claimed claimed) {
                Settled answer = settle(claimed, new Ending.Completed(json("" + worker)));
                (answer instanceof Settled.Now ? settled : notSettled).incrementAndGet();
              }
            }
          }
        });

    assertThat(settled).hasValue(MANY);
    assertThat(notSettled).hasValue(0);
    assertThat(store().figures().states()).containsEntry(TaskState.COMPLETED, (long) MANY);
    assertThat(store().figures().lanes()).isEmpty();
  }

  @Test
  default void extendingMovesTheDeadlineAndKeepsProgress() {
    Claim.Claimed claimed = claimed();
    clock().advance(LEASE.minusSeconds(1));
    Progress progress = new Progress(3, 7, "half way ½");
    assertThat(store().extend(List.of(extension(claimed, progress)), LEASE)).isEmpty();
    clock().advance(LEASE);

    assertThat(reclaim().ready()).isEmpty();
    assertThat(get(claimed).progress()).isEqualTo(progress);
    store().extend(List.of(extension(claimed, null)), LEASE);
    assertThat(get(claimed).progress()).isEqualTo(progress);
  }

  @Test
  default void extendingNamesTheLeasesThatAreLost() {
    Claim.Claimed zombie = claimed();
    lose(zombie);
    claimAlone(zombie.task().spec());
    Claim.Claimed held = claimed();
    Claim.Claimed ended = claimed();
    settle(ended, new Ending.Completed(json("1")));
    Claim.Claimed other = claimed();
    HeldLease stolen = new HeldLease(other.task().id(), held.lease().token(), null);
    HeldLease unknown = new HeldLease(TaskId.random(), OTHER_TOKEN, null);

    assertThat(
            store()
                .extend(
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
  default void aNewRunStartsWithoutProgress() {
    Claim.Claimed claimed = claimed();
    store().extend(List.of(extension(claimed, new Progress(1, 2, "x"))), LEASE);
    settle(claimed, new Ending.Returned(Duration.ZERO));

    assertThat(claim(claimed.task().spec()).task().progress()).isNull();
  }
}
