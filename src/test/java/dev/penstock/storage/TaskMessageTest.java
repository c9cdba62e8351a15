package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.as;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.taskWith;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.task.Identity;
import dev.penstock.task.TaskSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TaskMessageTest {

  @Test
  void aTaskComesOutAsItWentIn() {
    List<TaskSpec> specs =
        List.of(
            task(),
            taskAt(Instant.parse("2026-11-22T10:00:00.123456789Z")),
            taskWith(Map.of("half a pair", "\ud83d", "ü", "\n"), bytes("\"\u0000ü\"")),
            as(new Identity.Named("a name", "digest"), task()),
            as(new Identity.Alike("digest"), task()));
    for (TaskSpec spec : specs) {
      assertThat(TaskMessage.decode(TaskMessage.encode(spec)))
          .usingRecursiveComparison()
          .isEqualTo(spec);
    }
  }

  @Test
  void whatIsNoTaskIsRefused() {
    byte[] whole = TaskMessage.encode(task());
    byte[] newer = whole.clone();
    newer[0] = 2;
    for (byte[] bad :
        List.of(new byte[0], new byte[] {1}, newer, Arrays.copyOf(whole, 40), new byte[50])) {
      assertThatThrownBy(() -> TaskMessage.decode(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
