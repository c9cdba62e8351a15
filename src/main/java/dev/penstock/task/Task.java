package dev.penstock.task;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task as the store knows it.
 *
 * @param attempts how many runs of it a handler has returned from
 * @param lost how many leases on it have lapsed with nothing heard from the worker
 * @param queuedAt since when it waits, or waited for its last run: it was created, or became ready
 *     later
 * @param worker who runs it, or ran it last
 * @param error why it failed, or why its last attempt did
 * @param waitingOn how many open children it waits for, with nobody running it; 0: it does not
 * @param expired whether it was cancelled because it had not begun by {@link
 *     TaskSpec#startBefore()}
 */
public record Task(
    TaskSpec spec,
    TaskState state,
    int attempts,
    int lost,
    @Nullable Progress progress,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    @Nullable String worker,
    @Nullable TaskError error,
    @Nullable TaskOutput output,
    Instant queuedAt,
    int waitingOn,
    boolean expired) {

  /** A task that has not expired. */
  public Task(
      TaskSpec spec,
      TaskState state,
      int attempts,
      int lost,
      @Nullable Progress progress,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant finishedAt,
      @Nullable String worker,
      @Nullable TaskError error,
      @Nullable TaskOutput output,
      Instant queuedAt,
      int waitingOn) {
    this(
        spec,
        state,
        attempts,
        lost,
        progress,
        createdAt,
        startedAt,
        finishedAt,
        worker,
        error,
        output,
        queuedAt,
        waitingOn,
        false);
  }

  /** A task that waits for no children. */
  public Task(
      TaskSpec spec,
      TaskState state,
      int attempts,
      int lost,
      @Nullable Progress progress,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant finishedAt,
      @Nullable String worker,
      @Nullable TaskError error,
      @Nullable TaskOutput output,
      Instant queuedAt) {
    this(
        spec,
        state,
        attempts,
        lost,
        progress,
        createdAt,
        startedAt,
        finishedAt,
        worker,
        error,
        output,
        queuedAt,
        0);
  }

  /** A task that was ready when it was created. */
  public Task(
      TaskSpec spec,
      TaskState state,
      int attempts,
      int lost,
      @Nullable Progress progress,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant finishedAt,
      @Nullable String worker,
      @Nullable TaskError error,
      @Nullable TaskOutput output) {
    this(
        spec,
        state,
        attempts,
        lost,
        progress,
        createdAt,
        startedAt,
        finishedAt,
        worker,
        error,
        output,
        createdAt);
  }

  public TaskId id() {
    return spec.id();
  }

  /** The task without its input ({@code spec.input} is empty) and without its output. */
  public Task brief() {
    return with(spec.withoutInput(), null, waitingOn);
  }

  /** The task without a time to begin by: an earlier run of it has begun. */
  public Task begun() {
    return with(spec.begun(), output, waitingOn);
  }

  /** The task with this output in place of its own. */
  public Task withOutput(@Nullable TaskOutput other) {
    return with(spec, other, waitingOn);
  }

  /** The task that waits for so many children. */
  public Task waitingOn(int open) {
    return with(spec, output, open);
  }

  /** The task with all its times so much later, or earlier. */
  public Task later(Duration by) {
    return new Task(
        spec,
        state,
        attempts,
        lost,
        progress,
        createdAt.plus(by),
        startedAt == null ? null : startedAt.plus(by),
        finishedAt == null ? null : finishedAt.plus(by),
        worker,
        error,
        output,
        queuedAt.plus(by),
        waitingOn,
        expired);
  }

  /** How long it waited for its run; null: it has not begun. Never less than nothing. */
  public @Nullable Duration waited() {
    return startedAt == null ? null : between(queuedAt, startedAt);
  }

  /** How long its run took; null: it has not ended, or none ended it. */
  public @Nullable Duration ran() {
    return startedAt == null || finishedAt == null ? null : between(startedAt, finishedAt);
  }

  private static Duration between(Instant from, Instant to) {
    return to.isAfter(from) ? Duration.between(from, to) : Duration.ZERO;
  }

  private Task with(TaskSpec newSpec, @Nullable TaskOutput newOutput, int open) {
    return new Task(
        newSpec,
        state,
        attempts,
        lost,
        progress,
        createdAt,
        startedAt,
        finishedAt,
        worker,
        error,
        newOutput,
        queuedAt,
        open,
        expired);
  }

  /**
   * The input as a plain Java value: a record whose components are named like its members ({@code
   * first_name} is {@code firstName}; an absent one is null, 0 or false), or Map, List, String, a
   * number or Boolean, as its schema allows.
   *
   * @throws IllegalArgumentException when it is not of that shape, or null
   */
  public <T> T input(Class<T> type) {
    return PlainJson.read(spec.input(), type);
  }
}
