package dev.penstock.apart;

import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.io.IOException;
import java.time.Instant;

/** Tasks in messages: of each what a run needs. Their leases' tokens stay in the node. */
final class TaskParts {
  private static final String NO_TOKEN = "";

  private TaskParts() {}

  static void write(MessageWriter out, LeasedTask leased) {
    Task task = leased.task();
    TaskSpec spec = task.spec();
    write(out, task.id());
    out.text(spec.lane().name());
    out.number(spec.priority().value());
    out.bytes(spec.input());
    limits(out, spec.limits());
    retention(out, spec.retention());
    out.text(spec.owner());
    out.texts(spec.metadata());
    out.maybe(spec.parent(), TaskParts::write);
    out.maybe(spec.origin().submittedAt(), MessageWriter::time);
    out.number(task.attempts());
    out.number(task.lost());
    out.time(task.createdAt());
    out.maybe(task.startedAt(), MessageWriter::time);
    out.maybe(task.worker(), MessageWriter::text);
    out.maybe(task.error(), TaskParts::write);
    out.time(task.queuedAt());
    out.number(leased.run());
    out.maybe(leased.checkpoint(), MessageWriter::bytes);
    out.number(leased.deaths());
  }

  static LeasedTask leased(MessageReader in) throws IOException {
    TaskId id = id(in);
    var work = new TaskSpec.Work(Lane.of(in.text()), new Priority(in.small()), in.bytes(), null);
    var limits = limits(in);
    var retention = retention(in);
    var origin =
        new TaskSpec.Origin(
            in.text(),
            in.texts(),
            null,
            null,
            in.maybe(TaskParts::id),
            in.maybe(MessageReader::time));
    var spec = new TaskSpec(id, work, limits, retention, origin);
    int attempts = in.small();
    int lost = in.small();
    Instant created = in.time();
    Instant started = in.maybe(MessageReader::time);
    String worker = in.maybe(MessageReader::text);
    TaskError error = in.maybe(TaskParts::error);
    Instant queued = in.time();
    var task =
        new Task(
            spec,
            TaskState.PROCESSING,
            attempts,
            lost,
            null,
            created,
            started,
            null,
            worker,
            error,
            null,
            queued);
    return new LeasedTask(
        task,
        new Lease(id, NO_TOKEN, Instant.MAX),
        in.number(),
        in.maybe(MessageReader::bytes),
        in.small());
  }

  static void write(MessageWriter out, TaskId id) {
    out.text(id.value());
  }

  static TaskId id(MessageReader in) throws IOException {
    return new TaskId(in.text());
  }

  static void write(MessageWriter out, TaskError error) {
    out.text(error.code().name());
    out.text(error.message());
  }

  static TaskError error(MessageReader in) throws IOException {
    return new TaskError(TaskError.Code.valueOf(in.text()), in.text());
  }

  static void write(MessageWriter out, TaskOutput output) {
    out.text(output.format().name());
    out.bytes(output.bytes());
  }

  static TaskOutput output(MessageReader in) throws IOException {
    return new TaskOutput(TaskOutput.Format.valueOf(in.text()), in.bytes());
  }

  static void write(MessageWriter out, Progress progress) {
    out.number(progress.done());
    out.number(progress.total());
    out.text(progress.message());
  }

  static Progress progress(MessageReader in) throws IOException {
    return new Progress(in.number(), in.number(), in.text());
  }

  static void limits(MessageWriter out, TaskSpec.Limits limits) {
    out.number(limits.maxAttempts());
    out.duration(limits.timeout());
  }

  static TaskSpec.Limits limits(MessageReader in) throws IOException {
    return new TaskSpec.Limits(in.small(), in.duration());
  }

  static void retention(MessageWriter out, TaskSpec.Retention retention) {
    out.duration(retention.completed());
    out.duration(retention.failed());
  }

  static TaskSpec.Retention retention(MessageReader in) throws IOException {
    return new TaskSpec.Retention(in.duration(), in.duration());
  }
}
