package dev.penstock.apart;

import dev.penstock.core.Checkpoint;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskOutput;

/** What the child says of one of its runs: what its handler has said, asks for, and returned. */
sealed interface ToNode {
  long run();

  record Progressed(long run, Progress progress) implements ToNode {}

  record Left(long run, Checkpoint checkpoint) implements ToNode {}

  record Emitted(long run, TaskOutput piece) implements ToNode {}

  record EmitsFrom(long run, long offset) implements ToNode {}

  /** It waits for {@link ToChild.Children}. */
  record AsksChildren(long run, int limit) implements ToNode {}

  /** It waits for {@link ToChild.Heard}. */
  record AsksHeard(long run, long offset) implements ToNode {}

  /** Whether its time passes: it may wait for its turn at a model. */
  record Timed(long run, Time time) implements ToNode {}

  record Ended(long run, Outcome outcome) implements ToNode {}

  /** As {@link dev.penstock.core.TimeLimit} has it. */
  enum Time {
    STANDS,
    PASSES,
    GOES_ON
  }

  /** What a message takes beside what is in it, in memory as well: many short ones count too. */
  long EACH = 64;

  /** An id takes that in a list. */
  long ID = 64;

  /** About how long its message is, and at least what it takes in memory. */
  static long bytes(ToNode said) {
    return EACH + content(said);
  }

  private static long content(ToNode said) {
    return switch (said) {
      case Left(_, var checkpoint) -> checkpoint.state().length + ID * checkpoint.read().size();
      case Emitted(_, var piece) -> piece.bytes().length;
      case Ended(_, Outcome.Done(var output)) -> output.bytes().length;
      case Ended(_, Outcome.Await await) ->
          await.children().stream().mapToLong(child -> child.input().length).sum();
      case Ended _, Progressed _, EmitsFrom _, AsksChildren _, AsksHeard _, Timed _ -> 0;
    };
  }
}
