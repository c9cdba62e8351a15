package dev.penstock.engine;

import dev.penstock.engine.Job.Sequence;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one model's work in batches on threads of its own (platform threads: a run is one long
 * native call). A thread that is free takes the next batch at once; nothing waits for a batch to
 * fill up, and while one runs the next gathers by itself. {@link Backlog} says what goes together.
 */
public final class Batcher implements AutoCloseable {
  /**
   * Tokens that may wait at each priority: room for any one request (300,000) and more, 1.6 MB. It
   * is counted apart for each priority, so that what is urgent finds room when bulk work has filled
   * its own.
   */
  static final long ROOM_TOKENS = 400_000;

  private static final Duration CLOSE_WAIT = Duration.ofSeconds(30);
  private static final Logger LOG = LoggerFactory.getLogger(Batcher.class);

  private final String model;
  private final BatchLimits limits;
  private final Runner runner;
  private final BatchRun.Listener listener;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Condition left = lock.newCondition();
  private final Backlog backlog;

  /**
   * Who waits for room, in the order they came: a large job is not passed by small ones for ever.
   */
  private final Map<Priority, Deque<Job>> forRoom = new HashMap<>();

  private final List<Thread> threads;
  private int free;
  private boolean closed;

  /** Follows the newest runs. Not exact: threads may overwrite it. */
  private volatile Pace pace = new Pace(0, 0);

  /**
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  Batcher(
      String model,
      BatchLimits limits,
      Runner runner,
      BatchRun.Listener listener,
      LongSupplier nanoTime) {
    this.model = model;
    this.limits = limits;
    this.runner = runner;
    this.listener = listener;
    this.nanoTime = nanoTime;
    this.backlog = new Backlog(limits);
    this.threads =
        IntStream.range(0, limits.threads())
            .mapToObj(i -> Thread.ofPlatform().name("model-" + model + "-" + i).daemon())
            .map(builder -> builder.unstarted(this::work))
            .toList();
  }

  /** A batcher whose threads run. */
  public static Batcher start(
      String model,
      BatchLimits limits,
      Runner runner,
      BatchRun.Listener listener,
      LongSupplier nanoTime) {
    Batcher batcher = new Batcher(model, limits, runner, listener, nanoTime);
    batcher.threads.forEach(Thread::start);
    return batcher;
  }

  BatchLimits limits() {
    return limits;
  }

  /**
   * Adds work; its sink gets the answers. Waits at most {@code wait} for room; empty when there was
   * none, or when the batcher is closed.
   */
  public Optional<Ticket> submit(Work work, Duration wait) throws InterruptedException {
    Job job = new Job(work); // Sorts: outside the lock.
    long nanos = wait.toNanos();
    lock.lockInterruptibly();
    Deque<Job> queue = forRoom.computeIfAbsent(work.priority(), _ -> new ArrayDeque<>());
    try {
      queue.add(job);
      while (!closed && !(queue.peek() == job && hasRoom(job))) {
        if (nanos <= 0) {
          return Optional.empty();
        }
        nanos = left.awaitNanos(nanos);
      }
      if (closed) {
        return Optional.empty();
      }
      backlog.add(job, nanoTime.getAsLong());
      arrived.signalAll();
      return Optional.of(() -> cancel(job));
    } finally {
      queue.remove(job);
      left.signalAll();
      lock.unlock();
    }
  }

  /** Tokens that wait. */
  long waitingTokens() {
    lock.lock();
    try {
      return backlog.tokens();
    } finally {
      lock.unlock();
    }
  }

  /** Tokens that go before what comes now at that priority. */
  long tokensAhead(Priority priority) {
    lock.lock();
    try {
      return backlog.tokensFrom(priority);
    } finally {
      lock.unlock();
    }
  }

  /** Whether it has run, so that its time is known. */
  boolean timed() {
    return pace.tokens() > 0;
  }

  /** How long the model takes for so many tokens, by its newest runs; 0: it has not run yet. */
  Duration time(long tokens) {
    return Duration.ofNanos(Math.round(tokens * nanosPerToken()));
  }

  private double nanosPerToken() {
    return pace.nanosPerToken() / threads.size();
  }

  /**
   * Lets the batches that run finish, and tells all work that waits with {@link EngineStopped}.
   * Blocks until the threads have ended, 30 s at most.
   *
   * @throws IllegalStateException when a thread still runs: its model must not be closed
   */
  @Override
  public void close() {
    List<Job> waiting;
    lock.lock();
    try {
      closed = true;
      waiting = backlog.clear();
      arrived.signalAll();
      left.signalAll();
    } finally {
      lock.unlock();
    }
    waiting.forEach(job -> job.fail(new EngineStopped()));
    boolean interrupted = false;
    long end = System.nanoTime() + CLOSE_WAIT.toNanos();
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (threads.stream().anyMatch(Thread::isAlive)) {
      throw new IllegalStateException("model " + model + " still runs");
    }
  }

  private boolean hasRoom(Job job) {
    long waiting = backlog.tokens(job.work().priority());
    return waiting == 0 || waiting + job.tokens() <= ROOM_TOKENS;
  }

  private void cancel(Job job) {
    job.cancel();
    forget(job);
  }

  private void fail(Job job, Exception cause) {
    job.fail(cause);
    forget(job);
  }

  private void forget(Job job) {
    lock.lock();
    try {
      backlog.remove(job);
      left.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    for (List<Sequence> batch = take(); !batch.isEmpty(); batch = take()) {
      run(batch);
    }
  }

  /** The next batch as soon as there is one; empty when closed. */
  private List<Sequence> take() {
    lock.lock();
    try {
      free++;
      while (backlog.isEmpty() && !closed) {
        arrived.awaitUninterruptibly();
      }
      List<Sequence> batch =
          closed ? List.of() : backlog.next(nanoTime.getAsLong(), free, nanosPerToken());
      free--;
      left.signalAll();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** A batch that fails is halved until the culprit stands alone. */
  private void run(List<Sequence> batch) {
    List<Sequence> wanted = batch.stream().filter(sequence -> !sequence.job().ended()).toList();
    if (wanted.isEmpty()) {
      return;
    }
    List<float[]> vectors;
    try {
      vectors = measure(wanted);
    } catch (Exception e) {
      if (wanted.size() == 1) {
        fail(wanted.getFirst().job(), e);
        return;
      }
      LOG.warn(
          "model {}: a batch of {} failed, trying its halves: {}",
          model,
          wanted.size(),
          Device.firstLine(e));
      run(wanted.subList(0, wanted.size() / 2));
      run(wanted.subList(wanted.size() / 2, wanted.size()));
      return;
    }
    for (int i = 0; i < wanted.size(); i++) {
      wanted.get(i).job().deliver(wanted.get(i).index(), vectors.get(i));
    }
  }

  private List<float[]> measure(List<Sequence> batch) throws Exception {
    List<int[]> ids = new ArrayList<>(batch.size());
    int tokens = 0;
    int longest = 0;
    for (Sequence sequence : batch) {
      ids.add(sequence.ids());
      tokens += sequence.length();
      longest = Math.max(longest, sequence.length());
      sequence.job().runs();
    }
    boolean failed = true;
    long start = nanoTime.getAsLong();
    try {
      List<float[]> vectors = runner.run(ids);
      if (vectors.size() != ids.size()) {
        throw new IllegalStateException(
            vectors.size() + " vectors for " + ids.size() + " sequences");
      }
      failed = false;
      return vectors;
    } catch (Error e) {
      // Out of memory above all: the thread must live on, and a smaller batch may fit.
      throw new IllegalStateException(e.toString(), e);
    } finally {
      batch.forEach(sequence -> sequence.job().ran());
      int padded = longest * ids.size();
      long nanos = nanoTime.getAsLong() - start;
      if (!failed) {
        pace = pace.and(nanos, padded);
      }
      listener.ran(
          new BatchRun(model, ids.size(), tokens, padded, Duration.ofNanos(nanos), failed));
    }
  }

  /** The model. */
  public interface Runner {
    /** One vector for each sequence, in order. Called by several threads at once. */
    List<float[]> run(List<int[]> sequences) throws Exception;
  }

  /** A claim on submitted work. */
  public interface Ticket {
    /** Nobody wants it any more: what waits costs nothing, and the sink hears nothing. */
    void cancel();
  }
}
