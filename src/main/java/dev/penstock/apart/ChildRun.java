package dev.penstock.apart;

import dev.penstock.core.Checkpoint;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One run in the child: what its handler says and asks goes to the node. */
final class ChildRun implements TimedControl {
  private final long number;
  private final LeasedTask leased;
  private final TaskHandler handler;
  private final Consumer<ToNode> node;
  private final BlockingQueue<ToChild> answers = new LinkedBlockingQueue<>();
  private final ChildClock clock;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile boolean over;

  /** Whether it has emitted. Guarded by this. */
  private boolean emitted;

  /**
   * @param node takes what is to be told to it; may block
   */
  ChildRun(long number, LeasedTask leased, TaskHandler handler, Consumer<ToNode> node) {
    this.number = number;
    this.leased = leased;
    this.handler = handler;
    this.node = node;
    this.clock =
        new ChildClock(
            leased.task().spec().timeout(), time -> tell(new ToNode.Timed(number, time)));
    this.thread = Thread.ofVirtual().name("task " + leased.task().id()).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void stop() {
    stopped = true;
    if (!over) {
      thread.interrupt();
    }
  }

  void answer(ToChild answer) {
    answers.add(answer);
  }

  private void run() {
    Outcome outcome;
    clock.start();
    try {
      outcome = handler.run(leased.task(), this);
    } catch (InterruptedException e) {
      outcome = Outcome.retry("interrupted");
    } catch (Exception | StackOverflowError | LinkageError e) {
      outcome = Outcome.retry(e.toString());
    }
    over = true;
    boolean _ = Thread.interrupted(); // a stop that came as it returned must not break the telling
    node.accept(new ToNode.Ended(number, outcome));
  }

  private void tell(ToNode said) {
    if (!over) {
      node.accept(said);
    }
  }

  @Override
  public TimeLimit timeLimit() {
    return clock;
  }

  @Override
  public void progress(Progress progress) {
    tell(new ToNode.Progressed(number, progress));
  }

  @Override
  public void emit(@Nullable Object piece) {
    TaskOutput output = piece instanceof TaskOutput written ? written : TaskOutput.of(piece);
    int length = output.bytes().length;
    if (output.format() != TaskOutput.Format.JSON || length == 0 || length > MAX_PIECE) {
      throw new IllegalArgumentException(
          "a piece must be 1 to %d bytes of JSON".formatted(MAX_PIECE));
    }
    synchronized (this) {
      emitted = true;
    }
    tell(new ToNode.Emitted(number, output));
  }

  @Override
  public void emitFrom(long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("pieces are numbered from 0 on, not from " + offset);
    }
    synchronized (this) {
      if (emitted) {
        throw new IllegalStateException("this run has emitted pieces already");
      }
    }
    tell(new ToNode.EmitsFrom(number, offset));
  }

  @Override
  public synchronized List<TaskOutput> heard(long offset) throws InterruptedException {
    tell(new ToNode.AsksHeard(number, offset));
    return answers.take() instanceof ToChild.Heard(_, var pieces) ? pieces : List.of();
  }

  @Override
  public synchronized EndedChildren children(int limit) throws InterruptedException {
    tell(new ToNode.AsksChildren(number, limit));
    return answers.take() instanceof ToChild.Children(_, var page) ? page : EndedChildren.NONE;
  }

  @Override
  public void checkpoint(byte[] state, Collection<TaskId> read) {
    if (state.length > MAX_CHECKPOINT) {
      throw new IllegalArgumentException(
          "a checkpoint of %d bytes, more than %d".formatted(state.length, MAX_CHECKPOINT));
    }
    tell(new ToNode.Left(number, new Checkpoint(state.clone(), List.copyOf(read))));
  }

  @Override
  public byte @Nullable [] checkpoint() {
    byte[] left = leased.checkpoint();
    return left == null ? null : left.clone();
  }

  @Override
  public boolean stopped() {
    return stopped;
  }
}
