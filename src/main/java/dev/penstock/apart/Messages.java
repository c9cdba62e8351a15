package dev.penstock.apart;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What node and child say to each other in one turn, as bytes. */
final class Messages {
  private static final byte[] UNOPENED = {};

  private Messages() {}

  /** What the node sends. */
  sealed interface Turn {
    /** The first of each process: how it is to be set. */
    record Open(String worker, Map<String, String> settings) implements Turn {}

    /**
     * Any other.
     *
     * @param patience how long the child waits for something to happen
     */
    record Talk(List<ToChild> said, Duration patience) implements Turn {}
  }

  static byte[] write(Turn turn) {
    var out = new MessageWriter();
    switch (turn) {
      case Turn.Open(var worker, var settings) -> {
        out.flag(true);
        out.text(worker);
        out.texts(settings);
      }
      case Turn.Talk(var said, var patience) -> {
        out.flag(false);
        out.all(said, Messages::write);
        out.duration(patience);
      }
    }
    return out.message();
  }

  static Turn turn(byte[] message) throws IOException {
    var in = new MessageReader(message);
    return in.flag()
        ? new Turn.Open(in.text(), in.texts())
        : new Turn.Talk(in.all(Messages::toChild), in.duration());
  }

  /** The answer of a child that has to be opened first: it has done nothing. */
  static byte[] unopened() {
    return UNOPENED.clone();
  }

  static boolean isUnopened(byte[] answer) {
    return answer.length == 0;
  }

  static byte[] write(List<ToNode> said) {
    var out = new MessageWriter();
    out.all(said, Messages::write);
    return out.message();
  }

  static List<ToNode> toNode(byte[] answer) throws IOException {
    return new MessageReader(answer).all(Messages::toNode);
  }

  private static void write(MessageWriter out, ToChild said) {
    out.number(said.run());
    switch (said) {
      case ToChild.Begin(_, var leased) -> {
        out.text("begin");
        TaskParts.write(out, leased);
      }
      case ToChild.Stop _ -> out.text("stop");
      case ToChild.Children(_, var page) -> {
        out.text("children");
        OutcomeParts.write(out, page);
      }
      case ToChild.Heard(_, var pieces) -> {
        out.text("heard");
        out.all(pieces, TaskParts::write);
      }
    }
  }

  private static ToChild toChild(MessageReader in) throws IOException {
    long run = in.number();
    String word = in.text();
    return switch (word) {
      case "begin" -> new ToChild.Begin(run, TaskParts.leased(in));
      case "stop" -> new ToChild.Stop(run);
      case "children" -> new ToChild.Children(run, OutcomeParts.children(in));
      case "heard" -> new ToChild.Heard(run, in.all(TaskParts::output));
      default -> throw new IOException("nothing is called " + word);
    };
  }

  private static void write(MessageWriter out, ToNode said) {
    out.number(said.run());
    switch (said) {
      case ToNode.Progressed(_, var progress) -> {
        out.text("progress");
        TaskParts.write(out, progress);
      }
      case ToNode.Left(_, var checkpoint) -> {
        out.text("left");
        OutcomeParts.write(out, checkpoint);
      }
      case ToNode.Emitted(_, var piece) -> {
        out.text("emitted");
        TaskParts.write(out, piece);
      }
      case ToNode.EmitsFrom(_, long offset) -> {
        out.text("from");
        out.number(offset);
      }
      case ToNode.AsksChildren(_, int limit) -> {
        out.text("children");
        out.number(limit);
      }
      case ToNode.AsksHeard(_, long offset) -> {
        out.text("heard");
        out.number(offset);
      }
      case ToNode.Timed(_, var time) -> {
        out.text("time");
        out.text(time.name());
      }
      case ToNode.Ended(_, var outcome) -> {
        out.text("ended");
        OutcomeParts.write(out, outcome);
      }
    }
  }

  private static ToNode toNode(MessageReader in) throws IOException {
    long run = in.number();
    String word = in.text();
    return switch (word) {
      case "progress" -> new ToNode.Progressed(run, TaskParts.progress(in));
      case "left" -> new ToNode.Left(run, OutcomeParts.checkpoint(in));
      case "emitted" -> new ToNode.Emitted(run, TaskParts.output(in));
      case "from" -> new ToNode.EmitsFrom(run, in.number());
      case "children" -> new ToNode.AsksChildren(run, in.small());
      case "heard" -> new ToNode.AsksHeard(run, in.number());
      case "time" -> new ToNode.Timed(run, ToNode.Time.valueOf(in.text()));
      case "ended" -> new ToNode.Ended(run, OutcomeParts.outcome(in));
      default -> throw new IOException("nothing is called " + word);
    };
  }
}
