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

  private final RunSlots hand = new RunSlots(4, 2, BYTES);

  private static Run run(int priority, String json) {
    Task task =
        TestTasks.task(
            new Lane("ping", null), json, 0, new Priority(priority), Duration.ofMinutes(1));
    var lease = new Lease(task.id(), Lease.newToken(), Instant.MAX);
    var handler = TestTasks.handler();
    return new Run(new LeasedTask(task, lease), handler, Duration.ofMinutes(1), System.nanoTime());
  }

  /** Fills the ordinary places with work of one priority. */
  private List<Run> fill(int priority) throws InterruptedException {
    Offer offer = hand.reserve(NONE);
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < offer.tasks(); i++) {
      runs.add(run(priority, "{}"));
    }
    hand.take(offer, runs);
    return runs;
  }

  @Test
  void everyPlaceIsOfferedOnce() throws Exception {
    Offer offer = hand.reserve(NONE);
    assertThat(offer).isEqualTo(new Offer(4, BYTES, Priority.LOWEST, false));
    assertThat(hand.reserve(NONE)).isEqualTo(Offer.NONE);
  }

  @Test
  void whatAnOfferDidNotFillIsFreeAgain() throws Exception {
    Run run = run(5, "{}");
    hand.take(hand.reserve(NONE), List.of(run));
    assertThat(hand.size()).isEqualTo(1);
    assertThat(hand.reserve(NONE).tasks()).isEqualTo(3);
  }

  @Test
  void aRunThatEndsWakesWhoWaitsForItsPlace() throws Exception {
    List<Run> runs = fill(5);
    var offer = new FutureTask<>(() -> hand.reserve(LONG));
    Thread.ofVirtual().start(offer);
    hand.drop(runs.getFirst());
    assertThat(offer.get(20, TimeUnit.SECONDS).tasks()).isEqualTo(1);
  }

  @Test
  void inputInHandIsTakenFromTheBytesAndOneByteIsAlwaysLeft() throws Exception {
    Run small = run(5, "x".repeat(30));
    hand.take(hand.reserve(NONE), List.of(small));
    Offer offer = hand.reserve(NONE);
    assertThat(offer.bytes()).isEqualTo(70);
    Run big = run(5, "x".repeat(500));
    hand.take(offer, List.of(big));
    offer = hand.reserve(NONE);
    assertThat(offer.bytes()).as("one task at least goes through").isEqualTo(1);
    hand.take(offer, List.of());
    hand.drop(big);
    hand.drop(small);
    assertThat(hand.reserve(NONE).bytes()).isEqualTo(BYTES);
  }

  @Test
  void theUrgentPlacesAreNotOfferedWhileOthersAreFree() throws Exception {
    assertThat(hand.reserveUrgent(NONE)).isEqualTo(Offer.NONE);
    hand.take(hand.reserve(NONE), List.of(run(5, "{}")));
    assertThat(hand.reserveUrgent(NONE)).isEqualTo(Offer.NONE);
  }

  @Test
  void theUrgentPlacesAreForWorkMoreUrgentThanAllInHand() throws Exception {
    fill(3);
    Offer offer = hand.reserveUrgent(NONE);
    assertThat(offer).isEqualTo(new Offer(2, BYTES, new Priority(4), true));
    assertThat(hand.reserve(NONE)).isEqualTo(Offer.NONE);
    hand.take(offer, List.of(run(7, "{}")));
    Offer next = hand.reserveUrgent(NONE);
    assertThat(next).isEqualTo(new Offer(1, BYTES, new Priority(8), true));
    hand.take(next, List.of(run(9, "{}")));
    assertThat(hand.size()).isEqualTo(6);
    assertThat(hand.reserveUrgent(NONE)).as("none are left").isEqualTo(Offer.NONE);
  }

  @Test
  void nothingIsMoreUrgentThanTheHighestPriority() throws Exception {
    fill(Priority.MAX);
    assertThat(hand.reserveUrgent(NONE)).isEqualTo(Offer.NONE);
  }

  @Test
  void urgentRunsCountWhenOrdinaryOnesEnd() throws Exception {
    List<Run> runs = fill(3);
    hand.take(hand.reserveUrgent(NONE), List.of(run(7, "{}"), run(7, "{}")));
    hand.drop(runs.get(0));
    assertThat(hand.reserve(NONE)).as("five still run").isEqualTo(Offer.NONE);
    hand.drop(runs.get(1));
    hand.drop(runs.get(2));
    assertThat(hand.reserve(NONE).tasks()).isEqualTo(1);
  }

  @Test
  void theHandIsEmptyOnceTheLastRunHasEnded() throws Exception {
    List<Run> runs = fill(5);
    assertThat(hand.awaitEmpty(NONE)).isFalse();
    var empty = new FutureTask<>(() -> hand.awaitEmpty(LONG));
    Thread.ofVirtual().start(empty);
    runs.forEach(hand::drop);
    assertThat(empty.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(hand.runs()).isEmpty();
  }
}
