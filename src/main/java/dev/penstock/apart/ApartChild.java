package dev.penstock.apart;

import dev.penstock.apart.Messages.Turn;
import dev.penstock.core.LeasedTask;
import dev.penstock.subprocess.ChildProgram;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskHandler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The child's side: runs tasks side by side, and tells of them whenever the node asks. */
public final class ApartChild implements ChildProgram {
  /** As the node's side opens it. */
  public static final String NAME = "suspects";

  /** What one answer brings, beside a single message that is longer. */
  private static final long MOST_BYTES = 4 << 20;

  /** What handlers may have said that the node has not asked for; who says more waits. */
  private static final long MOST_WAITING = 16 << 20;

  private final Opener opener;
  private @Nullable Function<String, Optional<TaskHandler>> handlers;

  /** Those that run, by number. Used by the thread that answers, as {@link #handlers}. */
  private final Map<Long, ChildRun> runs = new HashMap<>();

  /** What the node is to hear next. Guarded by itself. */
  private final Deque<ToNode> toTell = new ArrayDeque<>();

  private long waiting;

  /** Makes what tasks are run with. */
  @FunctionalInterface
  public interface Opener {
    /**
     * The handlers of task types, by name.
     *
     * @param worker the node's name, as results name it
     */
    Function<String, Optional<TaskHandler>> open(String worker, Map<String, String> settings)
        throws Exception;
  }

  public ApartChild(Opener opener) {
    this.opener = opener;
  }

  @Override
  public byte[] answer(byte[] request) throws Exception {
    return switch (Messages.turn(request)) {
      case Turn.Open(var worker, var settings) -> {
        handlers = opener.open(worker, settings);
        yield Messages.write(List.of());
      }
      case Turn.Talk(var said, var wait) -> {
        Function<String, Optional<TaskHandler>> known = handlers;
        if (known == null) {
          yield Messages.unopened();
        }
        said.forEach(one -> hear(one, known));
        List<ToNode> news = news(wait);
        news.stream()
            .filter(ToNode.Ended.class::isInstance)
            .forEach(ended -> runs.remove(ended.run()));
        yield Messages.write(news);
      }
    };
  }

  private void hear(ToChild said, Function<String, Optional<TaskHandler>> known) {
    if (said instanceof ToChild.Begin(long number, LeasedTask leased)) {
      String type = leased.task().spec().lane().type();
      Optional<TaskHandler> handler = known.apply(type);
      if (handler.isEmpty()) {
        tell(new ToNode.Ended(number, Outcome.retry("nothing runs tasks of type " + type)));
        return;
      }
      var run = new ChildRun(number, leased, handler.get(), this::tell);
      runs.put(number, run);
      run.start();
      return;
    }
    ChildRun run = runs.get(said.run());
    if (run == null) {
      return; // It has ended.
    }
    switch (said) {
      case ToChild.Stop _ -> run.stop();
      case ToChild.Begin _, ToChild.Children _, ToChild.Heard _ -> run.answer(said);
    }
  }

  private void tell(ToNode said) {
    synchronized (toTell) {
      boolean interrupted = false;
      // Who tells of its time is the model's own thread, which nobody may hold up.
      while (waiting > MOST_WAITING && !(said instanceof ToNode.Timed)) {
        try {
          toTell.wait();
        } catch (InterruptedException e) {
          interrupted = true;
          break; // It is stopped: no more will follow.
        }
      }
      if (said instanceof ToNode.Progressed) {
        // Only the newest is of use.
        boolean older =
            toTell.removeIf(old -> old instanceof ToNode.Progressed && old.run() == said.run());
        waiting -= older ? ToNode.bytes(said) : 0; // each of them takes as much
      }
      toTell.add(said);
      waiting += ToNode.bytes(said);
      toTell.notifyAll();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What has happened; waits for something, at most that long. */
  private List<ToNode> news(Duration wait) throws InterruptedException {
    List<ToNode> news = new ArrayList<>();
    long until = System.nanoTime() + wait.toNanos();
    synchronized (toTell) {
      for (long left = wait.toMillis();
          toTell.isEmpty() && left > 0;
          left = (until - System.nanoTime()) / 1_000_000) {
        toTell.wait(left);
      }
      long bytes = 0;
      while (!toTell.isEmpty()
          && (news.isEmpty() || bytes + ToNode.bytes(toTell.peek()) <= MOST_BYTES)) {
        ToNode next = toTell.remove();
        bytes += ToNode.bytes(next);
        news.add(next);
      }
      waiting -= bytes;
      toTell.notifyAll();
    }
    return news;
  }
}
