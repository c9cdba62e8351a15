package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.ids;
import static dev.penstock.storage.TestTasks.json;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.Step;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Identity;
import dev.penstock.task.Task;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The wall clock is set forward and back, while the store is open and while it is not. */
interface ClockContract extends FamilyRig {
  Duration CHORES = Duration.ofSeconds(4);
  int TWO_HOURS = 2;
  int TWO_HOURS_BACK = -2;

  /** What a node does every second. */
  default void tick() {
    assertThat(store().holdChores("a", CHORES)).isTrue();
  }

  /** Sets the clock, after the time was known and before anybody has noticed. */
  default void set(int hours) {
    tick();
    clock().set(Duration.ofHours(hours));
  }

  private Instant wholeMillis(Duration fromNow) {
    return clock().instant().plus(fromNow).truncatedTo(ChronoUnit.MILLIS);
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void aLeaseThatIsExtendedIsHeldThoughTheClockIsSet(int hours) {
    Claim.Claimed claimed = claimed();
    set(hours);
    assertThat(reclaim().ready()).as("before it is noticed").isEmpty();
    tick();
    for (int i = 0; i < 5; i++) {
      assertThat(store().extend(List.of(extension(claimed, null)), LEASE)).isEmpty();
      clock().advance(LEASE);
      tick();
      assertThat(reclaim().ready()).isEmpty();
    }
    assertThat(settle(claimed, new Ending.Completed(json("1")))).isInstanceOf(Settled.Now.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void aDeadWorkersLeaseLapsesWhenItIsTimeThoughTheClockIsSet(int hours) {
    Claim.Claimed before = claimed();
    set(hours);
    Claim.Claimed unnoticed = claimed();
    tick();
    Claim.Claimed after = claimed();
    clock().advance(LEASE.plus(MARGIN));
    assertThat(reclaim().ready()).isEmpty();
    clock().advance(Duration.ofMillis(1));
    assertThat(ids(reclaim().ready()))
        .containsExactlyInAnyOrder(before.task().id(), unnoticed.task().id(), after.task().id());
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void aBackOffLastsAsLongAsItWasToLast(int hours) {
    Claim.Claimed before = claimed();
    Claim.Claimed unnoticed = claimed();
    settle(before, new Ending.Backoff(ERROR, Duration.ofMinutes(1)));
    set(hours);
    assertThat(store().promoteDue(10)).as("before it is noticed").isEmpty();
    settle(unnoticed, new Ending.Backoff(ERROR, Duration.ofMinutes(1)));
    tick();
    clock().advance(Duration.ofSeconds(59));
    assertThat(store().promoteDue(10)).isEmpty();
    clock().advance(Duration.ofSeconds(1));
    assertThat(ids(store().promoteDue(10)))
        .containsExactlyInAnyOrder(before.task().id(), unnoticed.task().id());
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void aDelayIsADelayWhateverTheClockSays(int hours) {
    TaskSpec later = taskAt(TaskSpec.after(Duration.ofMinutes(1), clock().instant()));
    store().insert(List.of(later));
    set(hours);
    tick();
    clock().advance(Duration.ofSeconds(59));
    assertThat(store().promoteDue(10)).isEmpty();
    clock().advance(Duration.ofSeconds(2));
    assertThat(ids(store().promoteDue(10))).containsExactly(later.id());
  }

  @Test
  default void aTaskThatIsToRunAtATimeRunsWhenTheClockSaysIt() {
    TaskSpec within = taskAt(wholeMillis(Duration.ofHours(1)));
    TaskSpec beyond = taskAt(wholeMillis(Duration.ofHours(3)));
    store().insert(List.of(within, beyond));
    set(TWO_HOURS);
    tick();
    assertThat(ids(store().promoteDue(10))).containsExactly(within.id());
    TaskSpec soon = taskAt(wholeMillis(Duration.ofSeconds(2)));
    store().insert(List.of(soon));
    set(TWO_HOURS_BACK);
    tick();
    clock().advance(Duration.ofHours(2));
    assertThat(store().promoteDue(10)).isEmpty();
    clock().advance(Duration.ofSeconds(2));
    assertThat(ids(store().promoteDue(10))).containsExactly(soon.id());
    clock().advance(Duration.ofHours(1));
    assertThat(ids(store().promoteDue(10))).containsExactly(beyond.id());
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void whatHasEndedIsKeptAsLongAsItWasToBeKept(int hours) {
    complete(inserted(task()));
    set(hours);
    assertThat(store().deleteExpired(10)).as("before it is noticed").isZero();
    tick();
    clock().advance(KEEP_COMPLETED.minusSeconds(1));
    assertThat(store().deleteExpired(10)).isZero();
    clock().advance(Duration.ofSeconds(1));
    assertThat(store().deleteExpired(10)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void aParentWaitsAsLongAsItSaidThoughTheClockIsSet(int hours) {
    Claim.Claimed parent = claimed();
    TaskSpec spec = parent.task().spec();
    settle(parent, waits(childrenOf(spec, "a"), 0, Duration.ofMinutes(10), false));
    set(hours);
    assertThat(children().wakeDue(10)).isEmpty();
    tick();
    assertThat(children().toInsert(Duration.ofSeconds(5), 10)).as("it is not old").isEmpty();
    clock().advance(Duration.ofMinutes(10).minusSeconds(1));
    assertThat(children().toInsert(Duration.ofSeconds(5), 10)).as("it is by now").hasSize(1);
    assertThat(children().wakeDue(10)).isEmpty();
    clock().advance(Duration.ofSeconds(1));
    assertThat(ids(children().wakeDue(10))).containsExactly(spec.id());
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void theTimesOfATaskAreInOrderAndItsRunTookWhatItTook(int hours) {
    Claim.Claimed failing = claimed();
    clock().advance(Duration.ofSeconds(1));
    settle(failing, new Ending.Backoff(ERROR, Duration.ZERO));
    clock().advance(Duration.ofSeconds(2));
    Claim.Claimed claimed = claim(failing.task().spec());
    clock().advance(Duration.ofSeconds(3));
    set(hours);
    tick();
    clock().advance(Duration.ofSeconds(4));
    settle(claimed, new Ending.Failed(ERROR));

    Task task = get(claimed);
    assertThat(task.createdAt()).isBefore(task.queuedAt());
    assertThat(task.finishedAt()).isEqualTo(clock().instant());
    assertThat(task.waited()).isEqualTo(Duration.ofSeconds(2));
    assertThat(task.ran()).isEqualTo(Duration.ofSeconds(7));
    List<Step> steps = store().steps(task.id());
    assertThat(steps).hasSize(2);
    Instant last = task.createdAt();
    for (Step step : steps) {
      assertThat(requireNonNull(step.startedAt())).isBetween(last, step.at());
      last = step.at();
    }
    assertThat(last).isEqualTo(task.finishedAt());
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void whoWaitsHasWaitedAsLongAsItHas(int hours) {
    TaskSpec waiting = inserted(task());
    clock().advance(Duration.ofSeconds(30));
    set(hours);
    tick();
    assertThat(lane(waiting.lane()).oldest())
        .isEqualTo(clock().instant().minus(Duration.ofSeconds(30)));
    TaskSpec newer = inserted(task());
    assertThat(store().longestWaiting(waiting.lane(), 10))
        .extracting(Task::id)
        .containsExactly(waiting.id(), newer.id());
    assertThat(claim(newer).lease().deadline()).isEqualTo(clock().instant().plus(LEASE));
    assertThat(store().list(dev.penstock.core.TaskFilter.of("owner"), null, 10).tasks())
        .extracting(Task::id)
        .containsExactly(newer.id(), waiting.id());
  }

  @Test
  default void whatHappenedIsShownAsTheClockToldItOrEarlier() {
    complete(inserted(task()));
    TaskSpec first = inserted(task());
    complete(first);
    Instant told = clock().instant();
    clock().advance(Duration.ofSeconds(10));
    set(TWO_HOURS);
    tick();
    assertThat(get(first).finishedAt()).as("set forward: it was so").isEqualTo(told);
    set(TWO_HOURS_BACK);
    set(TWO_HOURS_BACK);
    tick();
    assertThat(get(first).finishedAt())
        .as("set back: nothing is later than now")
        .isEqualTo(clock().instant().minusSeconds(10));
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void aSubmitThatIsRepeatedMeetsItsTaskThoughTheClockIsSet(int hours) {
    var named = new Identity.Named("key", "content");
    TaskSpec first = inserted(as(named, task()));
    set(hours);
    tick();
    assertThat(store().insert(List.of(as(named, task()))).getFirst())
        .isInstanceOfSatisfying(
            Inserted.Earlier.class,
            earlier -> assertThat(earlier.task().id()).isEqualTo(first.id()));
  }

  @ParameterizedTest
  @ValueSource(ints = {TWO_HOURS, TWO_HOURS_BACK})
  default void theChoresPassToAnotherNodeInTimeThoughTheClockIsSet(int hours) {
    set(hours);
    assertThat(store().holdChores("b", CHORES)).isFalse();
    clock().advance(CHORES.minusSeconds(1));
    assertThat(store().holdChores("b", CHORES)).isFalse();
    clock().advance(Duration.ofSeconds(1));
    assertThat(store().holdChores("b", CHORES)).isTrue();
  }

  @Test
  default void nothingWaitsLongerBecauseTheClockWasSetBackMeanwhile() throws Exception {
    Claim.Claimed running = claimed();
    Claim.Claimed backingOff = claimed();
    settle(backingOff, new Ending.Backoff(ERROR, Duration.ofMinutes(1)));
    Claim.Claimed done = claimed();
    settle(done, new Ending.Completed(json("1")));
    set(TWO_HOURS_BACK);
    restart();
    clock().advance(CHORES);
    tick();
    Task shown = get(done);
    assertThat(shown.finishedAt()).isBeforeOrEqualTo(clock().instant());
    clock().advance(Duration.ofMinutes(1));
    assertThat(ids(store().promoteDue(10))).containsExactly(backingOff.task().id());
    assertThat(ids(reclaim().ready())).containsExactly(running.task().id());
    assertThat(store().deleteExpired(10)).isZero();
    Claim.Claimed again = claim(backingOff.task().spec());
    settle(again, new Ending.Completed(json("1")));
    Task task = get(again);
    assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(task.createdAt()).isBefore(task.startedAt());
    assertThat(task.finishedAt()).isEqualTo(clock().instant());
  }

  @Test
  default void whatWasToWaitIsDueWhenTheClockWasSetForwardMeanwhile() throws Exception {
    Claim.Claimed running = claimed();
    Claim.Claimed backingOff = claimed();
    settle(backingOff, new Ending.Backoff(ERROR, Duration.ofMinutes(1)));
    set(TWO_HOURS);
    restart();
    tick();
    assertThat(ids(store().promoteDue(10))).containsExactly(backingOff.task().id());
    assertThat(ids(reclaim().ready())).containsExactly(running.task().id());
  }

  @Test
  default void whatTheClockWasIsKnownAfterARestart() throws Exception {
    complete(inserted(task()));
    Claim.Claimed backingOff = claimed();
    settle(backingOff, new Ending.Backoff(ERROR, Duration.ofMinutes(1)));
    set(TWO_HOURS);
    tick();
    restart();
    tick();
    assertThat(store().deleteExpired(10)).isZero();
    assertThat(store().promoteDue(10)).isEmpty();
    clock().advance(Duration.ofMinutes(1));
    assertThat(store().promoteDue(10)).hasSize(1);
  }
}
