package dev.penstock.admin;

import dev.penstock.core.Step;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a task went through, oldest first. */
public final class Timeline {
  private Timeline() {}

  /**
   * One thing that happened.
   *
   * @param kind as the style sheet knows it: a state, or a step in lower case
   * @param detail how long it took and where; empty: nothing to say
   * @param error empty: none
   */
  public record Entry(
      String kind, String what, TimeText at, String detail, String error, String code) {}

  static List<Entry> of(Task task, List<Step> steps, Instant now) {
    List<Entry> entries = new ArrayList<>();
    entries.add(plain("created", "Created", task.createdAt(), "", now));
    Instant startBefore = task.spec().startBefore();
    if (startBefore != null && task.state() == TaskState.PENDING && startBefore.isAfter(now)) {
      entries.add(
          new Entry(
              "scheduled", "Expires unless begun", TimeText.of(startBefore, now), "", "", ""));
    }
    int attempt = 0;
    for (Step step : steps) {
      switch (step.kind()) {
        case FAILED -> entries.add(failed(step, ++attempt, now));
        case LOST ->
            entries.add(plain("lost", "Its worker was not heard from", step.at(), ran(step), now));
        case CANCELLED -> {
          String what = task.expired() && step.equals(steps.getLast()) ? "Expired" : "Cancelled";
          entries.add(plain("cancelled", what, step.at(), ran(step), now));
        }
        case RETRIED -> {
          attempt = 0;
          entries.add(plain("retried", "Retried by hand", step.at(), "", now));
        }
      }
    }
    last(task, steps, now, entries);
    return entries;
  }

  /** What its steps do not hold: how it stands now. */
  private static void last(Task task, List<Step> steps, Instant now, List<Entry> entries) {
    Instant started = task.startedAt();
    Instant finished = task.finishedAt();
    switch (task.state()) {
      case PENDING -> {
        Instant runAt = task.spec().runAt();
        if (runAt != null && runAt.isAfter(now)) {
          entries.add(plain("scheduled", "Is due", runAt, "", now));
        }
      }
      case PROCESSING -> {
        if (started != null) {
          entries.add(plain("processing", "Started", started, on(task.worker()), now));
        }
      }
      case COMPLETED -> {
        if (started != null) {
          entries.add(plain("processing", "Started", started, on(task.worker()), now));
        }
        if (finished != null) {
          String ran = started == null ? "" : "ran " + span(started, finished);
          entries.add(plain("completed", "Completed", finished, ran, now));
        }
      }
      case FAILED -> {
        if (finished != null) {
          entries.add(end("failed", "Failed for good", finished, task.error(), steps, now));
        }
      }
      case CANCELLED -> {
        boolean told = steps.stream().anyMatch(step -> step.kind() == Step.Kind.CANCELLED);
        if (finished != null && !told) {
          entries.add(plain("cancelled", "Cancelled", finished, "", now));
        }
      }
    }
  }

  /** An error that the last attempt has told already is not told again. */
  private static Entry end(
      String kind,
      String what,
      Instant at,
      @Nullable TaskError error,
      List<Step> steps,
      Instant now) {
    boolean told = !steps.isEmpty() && Objects.equals(steps.getLast().error(), error);
    return error == null || told
        ? plain(kind, what, at, "", now)
        : new Entry(
            kind,
            what,
            TimeText.past(at, now),
            "",
            Payload.beginning(error.message()),
            error.code().json());
  }

  private static Entry failed(Step step, int attempt, Instant now) {
    TaskError error = step.error();
    return new Entry(
        "failed",
        "Attempt " + attempt + " failed",
        TimeText.past(step.at(), now),
        ran(step),
        error == null ? "" : Payload.beginning(error.message()),
        error == null ? "" : error.code().json());
  }

  private static Entry plain(String kind, String what, Instant at, String detail, Instant now) {
    return new Entry(kind, what, TimeText.past(at, now), detail, "", "");
  }

  private static String ran(Step step) {
    Instant started = step.startedAt();
    String where = on(step.worker());
    if (started == null) {
      return where;
    }
    String ran = "after " + span(started, step.at());
    return where.isEmpty() ? ran : ran + " " + where;
  }

  private static String span(Instant from, Instant to) {
    return Times.duration(Duration.between(from, to));
  }

  private static String on(@Nullable String worker) {
    return worker == null ? "" : "on " + worker;
  }
}
