package dev.penstock.apart;

import dev.penstock.core.LeasedTask;
import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
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

  /** Whether it did not return in time when it was stopped: nobody waits for it any more. */
  private volatile boolean leftBehind;

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

  boolean leftBehind() {
    return leftBehind;
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
      case ToNode.Timed(_, var time) -> pass(time);
      case ToNode.Ended _ -> throw new IllegalStateException("it is over");
    }
  }

  private void pass(ToNode.Time time) {
    TimeLimit limit = TimedControl.of(control);
    if (limit == null) {
      return;
    }
    switch (time) {
      case STANDS -> limit.stand();
      case PASSES -> limit.pass();
      case GOES_ON -> limit.goOn();
    }
  }

  private Outcome awaitStopped(InterruptedException stop) throws InterruptedException {
    long until = System.nanoTime() + GRACE.toNanos();
    for (long left = GRACE.toNanos(); left > 0; left = until - System.nanoTime()) {
      switch (news.poll(left, TimeUnit.NANOSECONDS)) {
        case News.Over(Outcome outcome) -> {
          return outcome;
        }
        case News.Said(ToNode.AsksChildren _) -> {}
        case News.Said(ToNode.AsksHeard _) -> {}
        // What it said before it heard of the stop counts: the next run goes on from it.
        case News.Said(ToNode said) -> pass(said);
        case null -> {}
      }
    }
    leftBehind = true;
    throw stop;
  }
}
