package dev.penstock.apart;

import dev.penstock.core.Checkpoint;
import dev.penstock.task.ChildTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskState;
import java.io.IOException;

/** Outcomes, checkpoints and children in messages. */
final class OutcomeParts {
  private OutcomeParts() {}

  static void write(MessageWriter out, Outcome outcome) {
    switch (outcome) {
      case Outcome.Done(var output) -> {
        out.text("done");
        TaskParts.write(out, output);
      }
      case Outcome.Retry(var error) -> {
        out.text("retry");
        TaskParts.write(out, error);
      }
      case Outcome.Reject(var error) -> {
        out.text("reject");
        TaskParts.write(out, error);
      }
      case Outcome.Postpone(var delay) -> {
        out.text("postpone");
        out.duration(delay);
      }
      case Outcome.Await await -> {
        out.text("await");
        out.all(await.children(), OutcomeParts::write);
        out.number(await.wakeAt());
        out.maybe(await.atMost(), MessageWriter::duration);
        out.flag(await.wakeOnFailure());
        out.maybe(await.checkpoint(), MessageWriter::bytes);
      }
    }
  }

  static Outcome outcome(MessageReader in) throws IOException {
    String kind = in.text();
    return switch (kind) {
      case "done" -> new Outcome.Done(TaskParts.output(in));
      case "retry" -> new Outcome.Retry(TaskParts.error(in).ofRun());
      case "reject" -> new Outcome.Reject(TaskParts.error(in));
      case "postpone" -> new Outcome.Postpone(in.duration());
      case "await" ->
          new Outcome.Await(
              in.all(OutcomeParts::child),
              in.small(),
              in.maybe(MessageReader::duration),
              in.flag(),
              in.maybe(MessageReader::bytes));
      default -> throw new IOException("no outcome is called " + kind);
    };
  }

  private static void write(MessageWriter out, ChildTask child) {
    out.text(child.key());
    out.text(child.lane().name());
    out.bytes(child.input());
    out.maybe(child.priority(), (to, priority) -> to.number(priority.value()));
    out.maybe(child.limits(), TaskParts::limits);
    out.maybe(child.retention(), TaskParts::retention);
    out.texts(child.metadata());
  }

  private static ChildTask child(MessageReader in) throws IOException {
    return new ChildTask(
        in.text(),
        Lane.of(in.text()),
        in.bytes(),
        in.maybe(from -> new Priority(from.small())),
        in.maybe(TaskParts::limits),
        in.maybe(TaskParts::retention),
        in.texts());
  }

  static void write(MessageWriter out, Checkpoint checkpoint) {
    out.bytes(checkpoint.state());
    out.all(checkpoint.read(), TaskParts::write);
  }

  static Checkpoint checkpoint(MessageReader in) throws IOException {
    return new Checkpoint(in.bytes(), in.all(TaskParts::id));
  }

  static void write(MessageWriter out, EndedChildren page) {
    out.all(page.children(), OutcomeParts::ended);
    out.flag(page.more());
    out.number(page.open());
  }

  static EndedChildren children(MessageReader in) throws IOException {
    return new EndedChildren(in.all(OutcomeParts::ended), in.flag(), in.small());
  }

  private static void ended(MessageWriter out, EndedChildren.Child child) {
    TaskParts.write(out, child.id());
    out.text(child.key());
    out.text(child.state().name());
    out.maybe(child.output(), TaskParts::write);
    out.maybe(child.error(), TaskParts::write);
  }

  private static EndedChildren.Child ended(MessageReader in) throws IOException {
    return new EndedChildren.Child(
        TaskParts.id(in),
        in.text(),
        TaskState.valueOf(in.text()),
        in.maybe(TaskParts::output),
        in.maybe(TaskParts::error));
  }
}
