package dev.penstock.dispatch;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.CancelTask;
import dev.penstock.bus.Request.Figures;
import dev.penstock.bus.Request.LaneFigures;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FigureBoardTest {
  private static final Lane IDLE = new Lane("ping", null);

  @TempDir Path folder;
  private Rig rig;
  private FigureBoard board;

  @BeforeEach
  void open() {
    rig = new Rig(folder);
    board = board();
  }

  private FigureBoard board() {
    return new FigureBoard(rig.store, rig.pauses, rig.recorder, rig.clock, rig.meters);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  @Test
  void everyLaneIsShownWithWhatWaitsRunsFailedAndHappened() throws Exception {
    Instant start = rig.clock.instant();
    rig.submit(task());
    rig.settle(rig.lease(LANE).getFirst(), new Outcome.Reject(Rig.ERROR));
    rig.submit(task());
    rig.lease(LANE);
    rig.submit(task(), task(), taskAt(start.plusSeconds(60)));
    rig.pauses.pause(LANE, true);

    Figures figures = board.figures();
    assertThat(figures.states())
        .containsEntry(TaskState.PENDING, 3L)
        .containsEntry(TaskState.PROCESSING, 1L)
        .containsEntry(TaskState.FAILED, 1L);
    assertThat(figures.lanes()).hasSize(1);
    LaneFigures lane = figures.lanes().getFirst();
    assertThat(lane.lane()).isEqualTo(LANE);
    assertThat(lane.counts().ready()).isEqualTo(2);
    assertThat(lane.counts().scheduled()).isEqualTo(1);
    assertThat(lane.counts().running()).isEqualTo(1);
    assertThat(lane.counts().failed()).isEqualTo(1);
    assertThat(lane.counts().oldest()).isEqualTo(start);
    assertThat(lane.paused()).isTrue();
    assertThat(lane.lastMinute().submitted()).isEqualTo(5);
    assertThat(lane.lastMinute().failed()).isEqualTo(1);
    assertThat(
            rig.registry
                .get("penstock.lane.tasks")
                .tags("lane", LANE.name(), "phase", "ready")
                .gauge()
                .value())
        .isEqualTo(2);
  }

  @Test
  void aPausedLaneIsShownThoughItIsEmpty() {
    TaskSpec spec = task(IDLE);
    rig.submit(spec);
    rig.byHand.cancel(new CancelTask(spec.id()));
    assertThat(board.figures().lanes())
        .as("one that was busy a moment ago is shown too")
        .extracting(LaneFigures::paused)
        .containsExactly(false);
    rig.pauses.pause(IDLE, true);
    rig.pauses.pause(LANE, true);
    Instant now = rig.clock.instant();

    assertThat(board().figures().lanes())
        .containsExactly(
            new LaneFigures(LaneCounts.none(LANE), true, LastMinute.none(LANE, now)),
            new LaneFigures(
                LaneCounts.none(IDLE),
                true,
                new LaneMinute(now, IDLE, 1, 0, 0, 1, Latencies.none(), Latencies.none())));
  }

  @Test
  void whoAsksAgainAtOnceGetsTheSameFigures() {
    Figures first = board.figures();
    rig.submit(task());

    assertThat(board.figures()).isSameAs(first);
  }

  @Test
  void aStoreThatDoesNotAnswerIsAskedByOneOnly() {
    rig.database.close();

    assertThatThrownBy(board::figures).isInstanceOf(Unavailable.class);
    assertThatThrownBy(board::figures).as("nobody gets old ones").isInstanceOf(Unavailable.class);
  }

  @Test
  void figuresAreReadWhereNothingCanBeWritten() {
    rig.submit(task());
    var readOnly = Faulty.refusing(rig.store, "addHistory");
    board = new FigureBoard(readOnly, rig.pauses, rig.recorder, rig.clock, rig.meters);

    assertThat(board.figures().states()).containsEntry(TaskState.PENDING, 1L);
  }
}
