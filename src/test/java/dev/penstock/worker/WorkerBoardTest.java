package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskOutput;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WorkerBoardTest {
  private static final TaskError ERROR = new TaskError(TaskError.Code.HANDLER_FAILED, "it broke");
  private final WorkerBoard board = new WorkerBoard();

  @Test
  void runsAreCountedByHowTheyEnded() {
    board.ended(new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, new byte[0])));
    board.ended(new Outcome.Retry(ERROR));
    board.ended(new Outcome.Reject(ERROR));
    board.ended(new Outcome.Postpone(Duration.ZERO));
    WorkerReport figures = board.report(3, "");
    assertThat(figures.done()).isEqualTo(1);
    assertThat(figures.failed()).isEqualTo(2);
    assertThat(figures.running()).isEqualTo(3);
    assertThat(figures.device()).as("no model is open").isEmpty();
    assertThat(board.startedAt()).isBeforeOrEqualTo(Instant.now());
  }

  @Test
  void batchesAreCountedWithTheirTexts() {
    board.ran(5);
    board.ran(2);
    assertThat(board.report(0, "").batches()).isEqualTo(new Batches(2, 7));
  }

  @Test
  void theMemoryOfThisProcessIsKnownWhereTheSystemTells() {
    boolean told = java.nio.file.Files.exists(java.nio.file.Path.of("/proc/self/status"));
    assertThat(WorkerBoard.memory() > 0).isEqualTo(told);
  }
}
