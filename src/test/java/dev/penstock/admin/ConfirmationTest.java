package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.TaskState;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ConfirmationTest {
  private static final TaskQuery ALL = new TaskQuery(null, "", "", null, null, List.of());
  private static final TaskQuery WAITING =
      new TaskQuery(TaskState.PENDING, "ping", "x", null, null, List.of());

  @Test
  void itSaysThatNoFilterMeansEverything() {
    var cancel = Confirmation.sweep(Sweep.CANCEL, 2, false, false, ALL);
    assertThat(cancel.title()).isEqualTo("Cancel all tasks");
    assertThat(cancel.text())
        .isEqualTo(
            "No filter is set: this cancels all tasks that have not ended – 2 tasks."
                + " What runs is stopped.");
    assertThat(Confirmation.sweep(Sweep.RETRY, 1000, true, false, ALL).text())
        .isEqualTo(
            "No filter is set: this runs all tasks that failed or were cancelled again"
                + " – more than 1,000 tasks.");
  }

  @Test
  void itSaysThatDeletedTasksAreGone() {
    var delete = Confirmation.sweep(Sweep.DELETE, 2, false, false, WAITING.in(TaskState.FAILED));
    assertThat(delete.text())
        .isEqualTo(
            "This deletes 2 failed tasks of ping containing “x”."
                + " Their inputs and results are gone then.");
    assertThat(delete.action()).isEqualTo("/dashboard/delete");
  }

  @Test
  void itNamesTheFilterInWords() {
    var cancel = Confirmation.sweep(Sweep.CANCEL, 1, false, false, WAITING);
    assertThat(cancel.title()).isEqualTo("Cancel all matching tasks");
    assertThat(cancel.text()).isEqualTo("This cancels 1 pending task of ping containing “x”.");
  }

  @Test
  void whereThereIsNothingToDoThereIsNothingToConfirm() {
    assertThat(Confirmation.sweep(Sweep.RETRY, 0, false, false, ALL))
        .returns("", Confirmation::yes)
        .returns("There are no tasks that failed or were cancelled.", Confirmation::text);
  }

  @Test
  void aSearchThatEndedEarlySaysThatOlderTasksStay() {
    assertThat(Confirmation.sweep(Sweep.CANCEL, 1, false, true, WAITING).text())
        .endsWith("Only the newest 10,000 were searched; older ones stay.");
  }
}
