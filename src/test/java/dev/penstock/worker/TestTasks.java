package dev.penstock.worker;

import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** Tasks as a handler gets them. */
public final class TestTasks {
  private TestTasks() {}

  /** A handler that runs tasks and nothing besides. */
  static TaskHandler handler() {
    return new TaskHandler() {
      @Override
      public String type() {
        return "plain";
      }

      @Override
      public String inputSchema() {
        return "{}";
      }

      @Override
      public String outputSchema() {
        return "{}";
      }

      @Override
      public Outcome run(Task task, Control control) {
        return new Outcome.Done(TaskOutput.json("{}"));
      }
    };
  }

  public static Task task(Lane lane, String json, int attempts) {
    return task(lane, json, attempts, Priority.TASK, Duration.ofMinutes(1));
  }

  public static Task task(
      Lane lane, String json, int attempts, Priority priority, Duration timeout) {
    TaskSpec spec =
        new TaskSpec(
            TaskId.random(),
            new TaskSpec.Work(lane, priority, json.getBytes(StandardCharsets.UTF_8), null),
            new TaskSpec.Limits(3, timeout),
            new TaskSpec.Retention(Duration.ofHours(1), Duration.ofDays(7)),
            new TaskSpec.Origin("owner", Map.of(), null, null));
    return new Task(
        spec, TaskState.PROCESSING, attempts, 0, null, Instant.EPOCH, null, null, null, null, null);
  }
}
