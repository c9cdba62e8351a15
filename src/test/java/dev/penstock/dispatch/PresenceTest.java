package dev.penstock.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.WorkerLeft;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.storage.TaskStore.Living;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class PresenceTest {
  private final AtomicLong now = new AtomicLong();
  private final List<DrainWorker> told = new ArrayList<>();
  private final List<String> died = new ArrayList<>();
  private final Presence presence =
      new Presence(now::get, told::add, "self", Duration.ofSeconds(10), died::add);

  private static WorkerSeen seen(String node, long done) {
    return seen(node, done, Instant.EPOCH, false);
  }

  private static WorkerSeen seen(String node, long done, Instant startedAt, boolean draining) {
    return new WorkerSeen(
        new WorkerFigures(
            node,
            List.of("inference"),
            List.of(),
            startedAt,
            Instant.EPOCH,
            draining,
            new WorkerReport("", "cpu", 0, done, 0, new Batches(0, 0), -1, "1")));
  }

  @Test
  void theNewestOfEachIsKept() {
    presence.seen(seen("b", 1));
    presence.seen(seen("a", 1));
    presence.seen(seen("b", 2));
    assertThat(presence.workers())
        .extracting(WorkerFigures::node, worker -> worker.report().done())
        .containsExactly(tuple("a", 1L), tuple("b", 2L));
  }

  @Test
  void whoIsSilentIsGoneWithinThirtySecondsAndWhoSpeaksAgainIsBack() {
    presence.seen(seen("a", 1));
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    presence.seen(seen("b", 1));
    assertThat(presence.workers()).hasSize(2);
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertThat(presence.workers()).extracting(WorkerFigures::node).containsExactly("b");
    presence.seen(seen("a", 2));
    assertThat(presence.workers()).hasSize(2);
  }

  @Test
  void whoLeavesIsGoneAtOnce() {
    presence.seen(seen("a", 1));
    presence.left(new WorkerLeft("a", null));
    presence.left(new WorkerLeft("nobody", null));
    assertThat(presence.workers()).isEmpty();
  }

  @Test
  void theGoodbyeOfAnEarlierOneOfTheNameIsNotTheNewOnes() {
    Instant second = Instant.EPOCH.plusSeconds(9);
    presence.seen(seen("a", 0, second, false));
    presence.left(new WorkerLeft("a", Instant.EPOCH));
    assertThat(presence.workers()).hasSize(1);
    presence.left(new WorkerLeft("a", second));
    assertThat(presence.workers()).isEmpty();
  }

  @Test
  void whoDidNotHearThatItIsToDrainIsToldAgainUntilItDoes() {
    var drain = new DrainWorker("a", Instant.EPOCH);
    presence.seen(seen("a", 1));
    presence.drain(drain);
    presence.seen(seen("b", 1));
    presence.seen(seen("a", 2));
    presence.seen(seen("a", 3));
    assertThat(told).containsExactly(drain, drain);
    presence.seen(seen("a", 3, Instant.EPOCH, true));
    assertThat(told).hasSize(2);
  }

  @Test
  void whoStartsAnewUnderItsNameWasNotToldToDrain() {
    presence.drain(new DrainWorker("a", Instant.EPOCH));
    presence.seen(seen("a", 0, Instant.EPOCH.plusSeconds(9), false));
    assertThat(told).isEmpty();
    presence.seen(seen("c", 0));
    presence.drain(new DrainWorker("c", null));
    presence.left(new WorkerLeft("c", null));
    presence.seen(seen("c", 0));
    assertThat(told).isEmpty();
  }

  private void pass(int seconds) {
    now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    presence.seen(seen("self", 0));
  }

  private Map<String, Duration> living() {
    return presence.living().orElseThrow().processes();
  }

  @Test
  void whoWasHeardOfLatelyLivesAndWhoIsSilentDoesNot() {
    presence.seen(seen("a", 1));
    presence.seen(seen("b", 1));
    assertThat(presence.living()).as("others may still be to be heard").isEmpty();
    pass(5);
    pass(5);
    presence.seen(seen("b", 1));
    pass(1);
    assertThat(living()).containsOnlyKeys("self", "b").containsEntry("b", Living.ALWAYS);
  }

  @Test
  void whoLeftInGoodOrderDidNotDie() {
    presence.seen(seen("a", 1));
    presence.left(new WorkerLeft("a", null));
    pass(10);
    pass(10);
    assertThat(living()).containsKey("a");
    var _ = presence.workers();
    assertThat(died).isEmpty();
  }

  @Test
  void whoDiesUnderTheNameOfOneThatLeftInGoodOrderDidDie() {
    presence.seen(seen("a", 1));
    presence.left(new WorkerLeft("a", null));
    presence.seen(seen("a", 0, Instant.EPOCH.plusSeconds(9), false));
    pass(10);
    pass(10);
    assertThat(living()).doesNotContainKey("a");
  }

  @Test
  void aNodeThatFallsSilentIsToldOnce() {
    presence.seen(seen("a", 1));
    pass(10);
    pass(10);
    var _ = presence.workers();
    var _ = presence.workers();
    assertThat(died).containsExactly("a");
  }

  @Test
  void whoComesBackUnderItsNameAsAnotherProcessDidDieBefore() {
    presence.seen(seen("a", 1, Instant.EPOCH, false));
    presence.seen(seen("b", 1, Instant.EPOCH, false));
    pass(10);
    pass(10);
    var _ = presence.workers();
    presence.seen(seen("a", 1, Instant.EPOCH, false));
    presence.seen(seen("b", 1, Instant.EPOCH.plusSeconds(1), false));
    pass(3);
    assertThat(living())
        .containsEntry("a", Living.ALWAYS)
        .containsEntry("b", Duration.ofSeconds(3));
  }

  @Test
  void whoWasFrozenItselfFirstHearsWhoLives() {
    presence.seen(seen("a", 1));
    pass(10);
    now.addAndGet(Duration.ofSeconds(11).toNanos());
    assertThat(presence.living()).isEmpty();
    pass(0);
    assertThat(presence.living()).isEmpty();
    pass(5);
    presence.seen(seen("a", 1));
    pass(5);
    assertThat(living()).containsKey("a");
  }
}
