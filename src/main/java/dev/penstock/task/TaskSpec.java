package dev.penstock.task;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for: everything about a task that never changes. The submitter chooses the id, so
 * that repeating a submit meets the same task.
 *
 * @param retention how long the ended task is kept
 */
public record TaskSpec(TaskId id, Work work, Limits limits, Retention retention, Origin origin) {

  /**
   * What is to be done, and when.
   *
   * @param input one JSON value in UTF-8; shared, not copied
   * @param runAt not before this time, by the wall clock; null: at once. One that is no whole
   *     millisecond stands for a delay (see {@link TaskSpec#after})
   * @param startBefore a task that has not begun by then is cancelled; null: it waits for as long
   *     as it takes
   */
  public record Work(
      Lane lane,
      Priority priority,
      byte[] input,
      @Nullable Instant runAt,
      @Nullable Instant startBefore) {

    /** Of a task that waits for as long as it takes. */
    public Work(Lane lane, Priority priority, byte[] input, @Nullable Instant runAt) {
      this(lane, priority, input, runAt, null);
    }

    Work begun() {
      return new Work(lane, priority, input, runAt);
    }

    Work withoutInput() {
      return new Work(lane, priority, new byte[0], runAt, startBefore);
    }
  }

  /**
   * How long it is tried.
   *
   * @param timeout how long one run may take
   */
  public record Limits(int maxAttempts, Duration timeout) {
    public Limits {
      if (maxAttempts < 1) {
        throw new IllegalArgumentException("max_attempts must be at least 1, not " + maxAttempts);
      }
      if (!timeout.isPositive()) {
        throw new IllegalArgumentException("a task's timeout must be positive, not " + timeout);
      }
    }
  }

  /** How long an ended task is kept, by how it ended (cancelled ones as long as completed). */
  public record Retention(Duration completed, Duration failed) {}

  /**
   * Who asked for it.
   *
   * @param owner whose task it is; nobody else sees it
   * @param identity which later submits mean this task; null: none but a repetition of this one
   * @param replyTo the node on which somebody waits for the task's end; null: nobody does
   * @param parent the task that asked for it; null: none did
   * @param submittedAt when it was asked for, where its id's time does not say so: a child's
   */
  public record Origin(
      String owner,
      Map<String, String> metadata,
      @Nullable Identity identity,
      @Nullable String replyTo,
      @Nullable TaskId parent,
      @Nullable Instant submittedAt) {
    public Origin {
      metadata = Map.copyOf(metadata);
    }

    /** Of a task that no other task asked for. */
    public Origin(
        String owner,
        Map<String, String> metadata,
        @Nullable Identity identity,
        @Nullable String replyTo) {
      this(owner, metadata, identity, replyTo, null, null);
    }

    Origin anonymous() {
      return new Origin(owner, metadata, null, replyTo, parent, submittedAt);
    }
  }

  public Lane lane() {
    return work.lane;
  }

  public Priority priority() {
    return work.priority;
  }

  public byte[] input() {
    return work.input;
  }

  public @Nullable Instant runAt() {
    return work.runAt;
  }

  /** When work is to run that is to wait for so long, whatever the wall clock does meanwhile. */
  public static Instant after(Duration delay, Instant now) {
    return now.plus(delay).truncatedTo(ChronoUnit.MILLIS).plusNanos(1_000);
  }

  /** Whether it waits for a delay rather than for a time of the wall clock. */
  public boolean delayed() {
    Instant at = work.runAt;
    return at != null && !at.equals(at.truncatedTo(ChronoUnit.MILLIS));
  }

  /** A task that has not begun by then is cancelled; null: it waits for as long as it takes. */
  public @Nullable Instant startBefore() {
    return work.startBefore;
  }

  public int maxAttempts() {
    return limits.maxAttempts;
  }

  public Duration timeout() {
    return limits.timeout;
  }

  public String owner() {
    return origin.owner;
  }

  public Map<String, String> metadata() {
    return origin.metadata;
  }

  public @Nullable Identity identity() {
    return origin.identity;
  }

  public @Nullable String replyTo() {
    return origin.replyTo;
  }

  public @Nullable TaskId parent() {
    return origin.parent;
  }

  /** When it was asked for, by the clock of the node that was. */
  public Instant submittedAt() {
    return origin.submittedAt == null ? id.time() : origin.submittedAt;
  }

  /** The same, which no later submit means. */
  public TaskSpec withoutIdentity() {
    return new TaskSpec(id, work, limits, retention, origin.anonymous());
  }

  /** The same of a task that has begun: no time is too late for it any more. */
  TaskSpec begun() {
    return work.startBefore == null
        ? this
        : new TaskSpec(id, work.begun(), limits, retention, origin);
  }

  TaskSpec withoutInput() {
    return new TaskSpec(id, work.withoutInput(), limits, retention, origin);
  }
}
