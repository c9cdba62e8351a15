package dev.penstock.apart;

import dev.penstock.core.LeasedTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.TaskOutput;
import java.util.List;

/** What the node says to the child, of one of its runs. */
sealed interface ToChild {
  long run();

  /** Run this. */
  record Begin(long run, LeasedTask leased) implements ToChild {}

  /** It should end: nobody may want its outcome any more. */
  record Stop(long run) implements ToChild {}

  /** The answer to {@link ToNode.AsksChildren}. */
  record Children(long run, EndedChildren page) implements ToChild {}

  /** The answer to {@link ToNode.AsksHeard}. */
  record Heard(long run, List<TaskOutput> pieces) implements ToChild {}

  /** What an ended child takes beside its result: its key and its error among others. */
  long CHILD = 2_048;

  /** About how long its message is. */
  static long bytes(ToChild said) {
    return switch (said) {
      case Begin(_, var leased) -> leased.task().spec().input().length + 4_096L;
      case Stop _ -> 0;
      case Children(_, var page) ->
          page.children().stream()
                  .map(EndedChildren.Child::output)
                  .mapToLong(output -> output == null ? 0 : output.bytes().length)
                  .sum()
              + page.children().size() * CHILD;
      case Heard(_, var pieces) -> pieces.stream().mapToLong(piece -> piece.bytes().length).sum();
    };
  }
}
