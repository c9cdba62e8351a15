package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.worker.RunSlots.Offer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class RunSlotsTest {
  private static final Duration NONE = Duration.ZERO;
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int BYTES = 100;

  private final RunSlots slots = new RunSlots(4, 2, BYTES);

  private static Run run(int priority, String json) {
    Task task =
        TestTasks.task(
            new Lane("ping", null), json, 0, new Priority(priority), Duration.ofMinutes(1));
    var lease = new Lease(task.id(), Lease.newToken(), Instant.MAX);
    var handler = TestTasks.handler();
    return new Run(
        new LeasedTask(task, lease), handler, null, Duration.ofMinutes(1), System.nanoTime());
  }

  /** Fills the ordinary places with work of one priority. */
  private List<Run> fill(int priority) throws InterruptedException {
    Offer offer = slots.reserve(NONE);
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < offer.tasks(); i++) {
      runs.add(run(priority, "{}"));
    }
    slots.take(offer, runs);
    return runs;
  }

  @Test
  void everyPlaceIsOfferedOnce() throws Exception {
    Offer offer = slots.reserve(NONE);
    assertThat(offer).isEqualTo(new Offer(4, BYTES, Priority.LOWEST, false));
    assertThat(slots.reserve(NONE)).isEqualTo(Offer.NONE);
  }

  @Test
  void whatAnOfferDidNotFillIsFreeAgain() throws Exception {
    Run run = run(5, "{}");
    slots.take(slots.reserve(NONE), List.of(run));
    assertThat(slots.size()).isEqualTo(1);
    assertThat(slots.reserve(NONE).tasks()).isEqualTo(3);
  }

  @Test
  void aRunThatEndsWakesWhoWaitsForItsPlace() throws Exception {
    List<Run> runs = fill(5);
    var offer = new FutureTask<>(() -> slots.reserve(LONG));
    Thread.ofVirtual().start(offer);
    slots.drop(runs.getFirst());
    assertThat(offer.get(20, TimeUnit.SECONDS).tasks()).isEqualTo(1);
  }

  @Test
  void inputInHandIsTakenFromTheBytesAndOneByteIsAlwaysLeft() throws Exception {
    Run small = run(5, "x".repeat(30));
    slots.take(slots.reserve(NONE), List.of(small));
    Offer offer = slots.reserve(NONE);
    assertThat(offer.bytes()).isEqualTo(70);
    Run big = run(5, "x".repeat(500));
    slots.take(offer, List.of(big));
    offer = slots.reserve(NONE);
    assertThat(offer.bytes()).as("one task at least goes through").isEqualTo(1);
    slots.take(offer, List.of());
    slots.drop(big);
    slots.drop(small);
    assertThat(slots.reserve(NONE).bytes()).isEqualTo(BYTES);
  }

  @Test
  void theUrgentSlotsAreNotOfferedWhileOthersAreFree() throws Exception {
    assertThat(slots.reserveUrgent(NONE)).isEqualTo(Offer.NONE);
    slots.take(slots.reserve(NONE), List.of(run(5, "{}")));
    assertThat(slots.reserveUrgent(NONE)).isEqualTo(Offer.NONE);
  }

  @Test
  void theUrgentSlotsAreForWorkMoreUrgentThanAllInFlight() throws Exception {
    fill(3);
    Offer offer = slots.reserveUrgent(NONE);
    assertThat(offer).isEqualTo(new Offer(2, BYTES, new Priority(4), true));
    assertThat(slots.reserve(NONE)).isEqualTo(Offer.NONE);
    slots.take(offer, List.of(run(7, "{}")));
    Offer next = slots.reserveUrgent(NONE);
    assertThat(next).isEqualTo(new Offer(1, BYTES, new Priority(8), true));
    slots.take(next, List.of(run(9, "{}")));
    assertThat(slots.size()).isEqualTo(6);
    assertThat(slots.reserveUrgent(NONE)).as("none are left").isEqualTo(Offer.NONE);
  }

  @Test
  void nothingIsMoreUrgentThanTheHighestPriority() throws Exception {
    fill(Priority.MAX);
    assertThat(slots.reserveUrgent(NONE)).isEqualTo(Offer.NONE);
  }

  @Test
  void urgentRunsCountWhenOrdinaryOnesEnd() throws Exception {
    List<Run> runs = fill(3);
    slots.take(slots.reserveUrgent(NONE), List.of(run(7, "{}"), run(7, "{}")));
    slots.drop(runs.get(0));
    assertThat(slots.reserve(NONE)).as("five still run").isEqualTo(Offer.NONE);
    slots.drop(runs.get(1));
    slots.drop(runs.get(2));
    assertThat(slots.reserve(NONE).tasks()).isEqualTo(1);
  }

  @Test
  void theHandIsEmptyOnceTheLastRunHasEnded() throws Exception {
    List<Run> runs = fill(5);
    assertThat(slots.awaitEmpty(NONE)).isFalse();
    var empty = new FutureTask<>(() -> slots.awaitEmpty(LONG));
    Thread.ofVirtual().start(empty);
    runs.forEach(slots::drop);
    assertThat(empty.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(slots.runs()).isEmpty();
  }
}
