package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.penstock.admin.WorkerList.Row;
import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Lane;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class WorkerListTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final List<Lane> LANES = List.of(new Lane("ping", null));

  private static WorkerFigures worker(
      String id, String role, List<Lane> lanes, long running, boolean draining) {
    return new WorkerFigures(
        id,
        List.of(role),
        lanes,
        NOW.minusSeconds(3_600),
        NOW,
        draining,
        new WorkerReport("rack-7", "cpu", running, 1_234, 0, new Batches(3, 8), 3L << 29, "1"));
  }

  private static WorkerList list(WorkerFigures... workers) {
    return WorkerList.of(Optional.of(Arrays.asList(workers)), true, NOW);
  }

  @Test
  void thoseWhoRunTasksComeFirstAndSayHowTheyStand() {
    WorkerList list =
        list(
            worker("a", "http", List.of(), 0, false),
            worker("b", "inference", LANES, 2, false),
            worker("c", "remote", LANES, 0, false),
            worker("d", "inference", LANES, 2, true),
            worker("e", "inference", LANES, 0, true));
    assertThat(list.rows())
        .extracting(Row::id, Row::kind, Row::state, row -> row.drainPath() != null)
        .containsExactly(
            tuple("b", "node: inference", "working", true),
            tuple("c", "worker over HTTP", "idle", true),
            tuple("d", "node: inference", "draining", false),
            tuple("e", "node: inference", "drained", false),
            tuple("a", "node: http", "takes requests", false));
    assertThat(list.rows().getFirst())
        .returns("1,234", Row::done)
        .returns("2.7", Row::texts)
        .returns("1.5 GiB", Row::memory)
        .returns("1 h ago", row -> row.started().words());
    assertThat(list.summary()).isEqualTo("2 of 4 workers take tasks.");
    assertThat(list.nobody()).isFalse();
  }

  @Test
  void itSaysWhenNobodyRunsTasks() {
    assertThat(list(worker("a", "inference", LANES, 0, false)).summary())
        .isEqualTo("1 worker runs tasks.");
    assertThat(list(worker("a", "http", List.of(), 0, false)))
        .returns("Nobody is here to run tasks: they wait.", WorkerList::summary)
        .returns(true, WorkerList::nobody);
    assertThat(list(worker("a", "inference", LANES, 1, true)))
        .returns("All workers drain: what is not running yet waits.", WorkerList::summary)
        .returns(true, WorkerList::nobody);
    assertThat(WorkerList.of(Optional.empty(), true, NOW).nobody()).as("it is not known").isFalse();
  }

  @Test
  void oneOfTwoTakesTasks() {
    assertThat(
            list(
                    worker("a", "inference", LANES, 0, false),
                    worker("b", "remote", List.of(), 0, true))
                .summary())
        .isEqualTo("1 of 2 workers takes tasks.");
  }

  @Test
  void aNodeThatKnowsOnlyItselfRaisesNoAlarm() {
    var alone =
        WorkerList.of(Optional.of(List.of(worker("a", "http", List.of(), 0, false))), false, NOW);
    assertThat(alone.nobody()).isFalse();
    assertThat(alone.summary()).contains("cluster.enabled");
  }

  @Test
  void aDrainSaysWhatItLeavesUndone() {
    WorkerFigures busy = worker("w1", "remote", LANES, 2, false);
    assertThat(Confirmation.drain(busy, List.of()))
        .returns("Drain w1", Confirmation::title)
        .returns(false, Confirmation::grave)
        .returns(
            "It finishes the 2 tasks it runs and takes no more, until it is started again."
                + " Others do what waits.",
            Confirmation::text);
    assertThat(Confirmation.drain(worker("w1", "remote", LANES, 0, false), LANES))
        .returns(true, Confirmation::grave)
        .returns(
            "It takes no more tasks, until it is started again."
                + " Nobody else serves the lane ping: its tasks will wait.",
            Confirmation::text);
    assertThat(Confirmation.drain(worker("w1", "remote", LANES, 0, true), List.of()).yes())
        .isEmpty();
  }
}
