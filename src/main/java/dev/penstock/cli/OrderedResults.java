package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Backoff;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for tasks in a thread of its own, and prints each when it and all before it have ended. Who
 * adds waits while {@value #MAX_WAITING} are not printed.
 */
final class OrderedResults implements Sink {
  private static final int MAX_WAITING = 10_000;

  /** Results that are there and wait for those before them are held in memory. */
  private static final int WINDOW = 16;

  private static final Duration STEP = Duration.ofMillis(100);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(30);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final Io io;
  private final Lookups lookups;
  private final Duration timeout;
  private final BlockingQueue<Slot> added = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Deque<Slot> window = new ArrayDeque<>();
  private final FutureTask<Integer> printing = new FutureTask<>(this::print);
  private final Thread thread;

  /**
   * @param timeout the longest time without a new line
   */
  OrderedResults(Client client, Io io, Duration timeout) {
    this.io = io;
    this.lookups = new Lookups(client);
    this.timeout = timeout;
    this.thread = Thread.ofVirtual().name("results").start(printing);
  }

  /** A place in the order. */
  private static final class Slot {
    static final Slot END = new Slot(JsonLines.object());

    final JsonNode reply;
    @Nullable String line;

    Slot(JsonNode reply) {
      this.reply = reply;
      this.line = reply.has("error") ? JsonLines.line(reply) : null;
    }
  }

  @Override
  public void add(JsonNode reply) throws Failure, InterruptedException {
    put(new Slot(reply));
  }

  private void put(Slot slot) throws Failure, InterruptedException {
    while (!added.offer(slot, STEP.toMillis(), TimeUnit.MILLISECONDS)) {
      if (printing.isDone()) {
        printed();
      }
    }
  }

  @Override
  public void flush() throws Failure, InterruptedException {
    if (printing.isDone()) {
      printed(); // only a failure ends it before all is added
    }
  }

  @Override
  public int finish() throws Failure, InterruptedException {
    put(Slot.END);
    return printed();
  }

  private int printed() throws Failure, InterruptedException {
    try {
      return printing.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Failure failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private int print() throws Failure, InterruptedException {
    try {
      return printAll();
    } catch (Failure failure) {
      if (failure.code() != ExitCode.INTERRUPTED) {
        printUnfinished();
      }
      throw failure;
    }
  }

  private int printAll() throws Failure, InterruptedException {
    int worst = ExitCode.OK;
    boolean more = true;
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    Deadline deadline = Deadline.in(timeout);
    while (more || !window.isEmpty()) {
      while (more && window.size() < WINDOW) {
        boolean idle = window.isEmpty();
        Slot slot = idle ? added.take() : added.poll();
        if (slot == null) {
          break;
        }
        more = slot != Slot.END;
        if (more) {
          window.add(slot);
        }
        if (idle) {
          deadline = Deadline.in(timeout); // nothing was waited for until now
        }
      }
      worst = ExitCode.worse(worst, look(deadline));
      boolean printed = printEnded();
      if (printed) {
        deadline = Deadline.in(timeout);
        backoff.reset();
      } else if (deadline.over()) {
        throw new Failure(
            ExitCode.TIMED_OUT, "no result within " + timeout.toSeconds() + " s; gave up");
      } else if (!window.isEmpty()) {
        deadline.sleep(backoff.pause());
      }
    }
    return worst;
  }

  private int look(Deadline deadline) throws Failure, InterruptedException {
    List<Slot> open = window.stream().filter(slot -> slot.line == null).toList();
    List<String> ids = open.stream().map(slot -> Tasks.id(slot.reply)).toList();
    List<Lookups.Found> found = lookups.all(ids, deadline);
    int worst = ExitCode.OK;
    for (int i = 0; i < open.size(); i++) {
      switch (found.get(i)) {
        case Lookups.Found.Running running -> {}
        case Lookups.Found.Ended(var id, var task) -> {
          open.get(i).line = JsonLines.line(task);
          worst = ExitCode.worse(worst, Tasks.exitCode(task));
        }
        case Lookups.Found.Refused(var id, var why) -> {
          open.get(i).line = Sink.brief(open.get(i).reply);
          io.complain(id + ": " + why);
          worst = ExitCode.REFUSED;
        }
      }
    }
    return worst;
  }

  private boolean printEnded() throws Failure {
    boolean printed = false;
    while (!window.isEmpty()) {
      String line = window.getFirst().line;
      if (line == null) {
        break;
      }
      io.line(line);
      window.removeFirst();
      printed = true;
    }
    return printed;
  }

  /** Their ids would be lost otherwise. */
  private void printUnfinished() throws Failure {
    List<Slot> left = new ArrayList<>(window);
    added.drainTo(left);
    left.remove(Slot.END);
    for (Slot slot : left) {
      String line = slot.line;
      io.line(line == null ? Sink.brief(slot.reply) : line);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    lookups.close();
  }
}
