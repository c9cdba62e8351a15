package dev.penstock.task;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for: everything about a task that never changes. The submitter chooses the id, so
 * that repeating a submit meets the same task.
 *
 * @param owner whose task it is; nobody else sees it
 * @param input one JSON value in UTF-8; shared, not copied
 * @param runAt not before this time; null: at once
 * @param retention how long the ended task is kept
 * @param identity which later submits mean this task; null: none but a repetition of this one
 * @param replyTo the node on which somebody waits for the task's end; null: nobody does
 */
public record TaskSpec(
    TaskId id,
    Lane lane,
    String owner,
    Priority priority,
    byte[] input,
    int maxAttempts,
    Duration timeout,
    @Nullable Instant runAt,
    Retention retention,
    Map<String, String> metadata,
    @Nullable Identity identity,
    @Nullable String replyTo) {

  /** How long an ended task is kept, by how it ended (cancelled ones as long as completed). */
  public record Retention(Duration completed, Duration failed) {}

  public TaskSpec {
    if (maxAttempts < 1) {
      throw new IllegalArgumentException("max_attempts must be at least 1, not " + maxAttempts);
    }
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("a task's timeout must be positive, not " + timeout);
    }
    metadata = Map.copyOf(metadata);
  }

  /** The same, which no later submit means. */
  public TaskSpec withoutIdentity() {
    return new TaskSpec(
        id,
        lane,
        owner,
        priority,
        input,
        maxAttempts,
        timeout,
        runAt,
        retention,
        metadata,
        null,
        replyTo);
  }

  TaskSpec withoutInput() {
    return new TaskSpec(
        id,
        lane,
        owner,
        priority,
        new byte[0],
        maxAttempts,
        timeout,
        runAt,
        retention,
        metadata,
        identity,
        replyTo);
  }
}
