package dev.penstock.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Lane;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class UnservedTest {
  private static final Lane LANE = new Lane("ping", null);

  private final AtomicLong now = new AtomicLong();
  private List<LaneFigures> lanes = List.of(lane(3, false));
  private List<WorkerFigures> workers = List.of();
  private final Unserved unserved = new Unserved(() -> lanes, () -> workers, now::get);

  private static LaneFigures lane(long ready, boolean paused) {
    return new LaneFigures(
        new LaneCounts(LANE, ready, 0, 0, 0, null), paused, LastMinute.none(LANE, Instant.EPOCH));
  }

  private static WorkerFigures worker(boolean draining) {
    return new WorkerFigures(
        "node",
        List.of("inference"),
        List.of(LANE),
        Instant.EPOCH,
        Instant.EPOCH,
        draining,
        new WorkerReport("", "cpu", 0, 0, 0, new Batches(0, 0), -1, "1"));
  }

  private void runAfter(long seconds) {
    now.addAndGet(seconds * 1_000_000_000);
    unserved.run();
  }

  @Test
  void tasksThatWaitForLongWithNobodyToRunThemAreWarnedOf() {
    runAfter(0);
    runAfter(29);
    assertThat(unserved.warned()).isEmpty();
    runAfter(1);
    assertThat(unserved.warned()).containsExactly(LANE);
    workers = List.of(worker(false));
    runAfter(5);
    assertThat(unserved.warned()).isEmpty();
    workers = List.of();
    runAfter(5);
    assertThat(unserved.warned()).as("a new absence has its own patience").isEmpty();
  }

  @Test
  void whoDrainsServesNobody() {
    workers = List.of(worker(true));
    runAfter(0);
    runAfter(30);
    assertThat(unserved.warned()).containsExactly(LANE);
  }

  @Test
  void whatNobodyWaitsForNeedsNoWorker() {
    runAfter(0);
    lanes = List.of(lane(3, true));
    runAfter(30);
    lanes = List.of(lane(0, false));
    runAfter(30);
    lanes = List.of(lane(3, false));
    runAfter(29);
    assertThat(unserved.warned()).isEmpty();
  }
}
