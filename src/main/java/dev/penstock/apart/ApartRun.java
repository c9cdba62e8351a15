package dev.penstock.apart;

import dev.penstock.core.LeasedTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskHandler;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One run in the child, as the node sees it: its thread here waits, and answers for it. */
final class ApartRun {
  /** How long a run that was stopped may take to return. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  final long number;
  final LeasedTask leased;
  private final TaskHandler.Control control;
  private final Consumer<ToChild> child;
  private final BlockingQueue<News> news = new LinkedBlockingQueue<>();

  private sealed interface News {
    record Said(ToNode said) implements News {}

    /** The child does not run it any more. */
    record Over(Outcome outcome) implements News {}
  }

  ApartRun(long number, LeasedTask leased, TaskHandler.Control control, Consumer<ToChild> child) {
    this.number = number;
    this.leased = leased;
    this.control = control;
    this.child = child;
  }

  void hear(ToNode said) {
    news.add(
        said instanceof ToNode.Ended(_, Outcome outcome)
            ? new News.Over(outcome)
            : new News.Said(said));
  }

  void over(Outcome outcome) {
    news.add(new News.Over(outcome));
  }

  /**
   * Waits until it has ended, and passes on what it says and asks.
   *
   * @throws InterruptedException when it is stopped and does not return soon: it goes on
   */
  Outcome await() throws InterruptedException {
    try {
      while (true) {
        switch (news.take()) {
          case News.Over(Outcome outcome) -> {
            return outcome;
          }
          case News.Said(ToNode said) -> pass(said);
        }
      }
    } catch (InterruptedException e) {
      child.accept(new ToChild.Stop(number));
      return awaitStopped(e);
    }
  }

  private void pass(ToNode said) throws InterruptedException {
    switch (said) {
      case ToNode.Progressed(_, var progress) -> control.progress(progress);
      case ToNode.Left(_, var checkpoint) ->
          control.checkpoint(checkpoint.state(), checkpoint.read());
      case ToNode.Emitted(_, var piece) -> control.emit(piece);
      case ToNode.EmitsFrom(_, long offset) -> control.emitFrom(offset);
      case ToNode.AsksChildren(_, int limit) ->
          child.accept(new ToChild.Children(number, control.children(limit)));
      case ToNode.AsksHeard(_, long offset) ->
          child.accept(new ToChild.Heard(number, control.heard(offset)));
      case ToNode.Ended _ -> throw new IllegalStateException("it is over");
    }
  }

  private Outcome awaitStopped(InterruptedException stop) throws InterruptedException {
    long until = System.nanoTime() + GRACE.toNanos();
    for (long left = GRACE.toNanos(); left > 0; left = until - System.nanoTime()) {
      if (news.poll(left, TimeUnit.NANOSECONDS) instanceof News.Over(Outcome outcome)) {
        return outcome;
      }
    }
    throw stop;
  }
}
