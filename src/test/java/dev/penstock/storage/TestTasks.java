package dev.penstock.storage;

import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Tasks to test with: a plain one, and what differs from it. */
public final class TestTasks {
  public static final Lane LANE = new Lane("embedding", "all-minilm-l6-v2");
  public static final Duration KEEP_COMPLETED = Duration.ofHours(1);
  public static final Duration KEEP_FAILED = Duration.ofDays(7);

  private TestTasks() {}

  public static TaskSpec task() {
    return task(LANE, Priority.TASK, bytes("{\"input\":\"hello\"}"));
  }

  public static TaskSpec task(int priority) {
    return task(LANE, new Priority(priority), bytes("{}"));
  }

  public static TaskSpec task(Lane lane) {
    return task(lane, Priority.TASK, bytes("{}"));
  }

  public static TaskSpec task(Lane lane, Priority priority, byte[] input) {
    return task(lane, priority, input, null, Map.of("source", "test"));
  }

  public static TaskSpec taskAt(Instant runAt) {
    return taskAt(runAt, bytes("{}"));
  }

  public static TaskSpec taskAt(Instant runAt, byte[] input) {
    return task(LANE, Priority.TASK, input, runAt, Map.of());
  }

  public static TaskSpec taskWith(Map<String, String> metadata, byte[] input) {
    return task(LANE, Priority.TASK, input, null, metadata);
  }

  /** The task, but of this owner. */
  public static TaskSpec of(String owner, TaskSpec task) {
    return new TaskSpec(
        task.id(),
        task.work(),
        task.limits(),
        task.retention(),
        new TaskSpec.Origin(owner, task.metadata(), task.identity(), task.replyTo()));
  }

  /** The task, but with this input. */
  public static TaskSpec withInput(byte[] input, TaskSpec task) {
    return new TaskSpec(
        task.id(),
        new TaskSpec.Work(task.lane(), task.priority(), input, task.runAt()),
        task.limits(),
        task.retention(),
        task.origin());
  }

  /** The task, but with this identity. */
  public static TaskSpec as(Identity identity, TaskSpec task) {
    return new TaskSpec(
        task.id(),
        task.work(),
        task.limits(),
        task.retention(),
        new TaskSpec.Origin(task.owner(), task.metadata(), identity, task.replyTo()));
  }

  private static TaskSpec task(
      Lane lane,
      Priority priority,
      byte[] input,
      @Nullable Instant runAt,
      Map<String, String> metadata) {
    return new TaskSpec(
        TaskId.random(),
        new TaskSpec.Work(lane, priority, input, runAt),
        new TaskSpec.Limits(3, Duration.ofSeconds(60)),
        new TaskSpec.Retention(KEEP_COMPLETED, KEEP_FAILED),
        new TaskSpec.Origin("owner", metadata, null, "node-1"));
  }

  public static List<TaskSpec> tasks(int n) {
    return new ArrayList<>(IntStream.range(0, n).mapToObj(i -> task()).toList());
  }

  public static List<TaskId> ids(List<TaskSpec> tasks) {
    return tasks.stream().map(TaskSpec::id).toList();
  }

  public static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public static TaskOutput json(String text) {
    return new TaskOutput(TaskOutput.Format.JSON, bytes(text));
  }
}
