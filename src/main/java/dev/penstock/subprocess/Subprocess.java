package dev.penstock.subprocess;

import dev.penstock.base.Backoff;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program in a child process that is started when it is first called, ended when it is idle, and
 * started again by the next call after it has crashed. One call runs at a time; others wait their
 * turn, each on its own thread. For use by many threads.
 */
public final class Subprocess {
  private static final Logger LOG = LoggerFactory.getLogger(Subprocess.class);

  /** Between starts that fail; one that crashed at its work is started again at once. */
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration BUSY = Duration.ofSeconds(1);
  private static final String STOPPING = "the program is stopping";

  private final String name;
  private final ChildLimits limits;
  private final ChildCommandLine line;
  private final ScheduledExecutorService forker;
  private final Runnable crashed;
  private final Semaphore turn = new Semaphore(1, true);
  private volatile boolean closed;

  /** Written by who has the turn, as all below. */
  private volatile @Nullable Child child;

  private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
  private long used;
  private long notBefore = System.nanoTime();
  private String lastFailure = "";
  private boolean watched;
  private volatile @Nullable Future<?> nextLook;

  /**
   * @param forker its only thread lives on
   * @param crashed done when a process ends that should not
   */
  Subprocess(
      String name,
      ChildLimits limits,
      ChildCommandLine line,
      ScheduledExecutorService forker,
      Runnable crashed) {
    this.name = name;
    this.limits = limits;
    this.line = line;
    this.forker = forker;
    this.crashed = crashed;
  }

  /**
   * Has the program answer. Blocks for its turn, up to {@code limit}; for a start, where there is
   * no process, up to {@link ChildLimits#start}; and for the answer, up to {@code limit} again: no
   * process is killed over the time that a call waited for its turn.
   *
   * @param limit the process is killed when it has not answered after this
   * @throws InterruptedException when the caller is interrupted; the program is told, and killed
   *     when it does not return within a second
   * @throws IllegalArgumentException when the request is longer than {@link ChildLimits#request}
   */
  public ChildAnswer call(byte[] request, Duration limit) throws InterruptedException {
    if (request.length > limits.request()) {
      throw new IllegalArgumentException(
          "a request of %d bytes, more than %d".formatted(request.length, limits.request()));
    }
    if (!turn.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      return new ChildAnswer.Unavailable("the child process " + name + " is busy", BUSY);
    }
    try {
      Child live = child;
      if (live == null || !live.alive()) {
        child = null;
        live = mayStart() ? start() : null;
      }
      return live == null ? unavailable() : unlessStopping(live.call(request, limit));
    } finally {
      used = System.nanoTime();
      turn.release();
    }
  }

  private boolean mayStart() {
    return !closed && System.nanoTime() - notBefore >= 0;
  }

  private ChildAnswer unavailable() {
    return closed
        ? new ChildAnswer.Unavailable(STOPPING, BUSY)
        : new ChildAnswer.Unavailable(
            lastFailure, Duration.ofNanos(Math.max(1, notBefore - System.nanoTime())));
  }

  /** That we killed it is not its fault. */
  private ChildAnswer unlessStopping(ChildAnswer answer) {
    return answer instanceof ChildAnswer.Crashed && closed ? unavailable() : answer;
  }

  /** Null where none starts. */
  private @Nullable Child start() throws InterruptedException {
    long begun = System.nanoTime();
    String failure;
    try {
      Child started = CompletableFuture.supplyAsync(this::fork, forker).join();
      // At once, so that close finds it.
      child = started;
      if (closed) {
        started.abandon();
      }
      failure = started.awaitReady();
      if (failure == null) {
        LOG.info(
            "the child process {} runs (process {}), started in {} ms",
            name,
            started.pid(),
            Duration.ofNanos(System.nanoTime() - begun).toMillis());
        backoff.reset();
        watch();
        return started;
      }
    } catch (CompletionException e) {
      failure =
          "the child process %s cannot be started: %s"
              .formatted(name, e.getCause() == null ? e : e.getCause().getMessage());
    } catch (RejectedExecutionException e) {
      failure = STOPPING;
    }
    if (backoff.first() && !closed) {
      LOG.warn("{}; further starts are tried up to {} s apart", failure, LONGEST_PAUSE.toSeconds());
    }
    lastFailure = failure;
    notBefore = System.nanoTime() + backoff.pause().toNanos();
    return null;
  }

  private Child fork() {
    try {
      return Child.fork(line, name, limits, crashed);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private void watch() {
    if (!watched) {
      watched = true;
      lookAgain(limits.idle());
    }
  }

  private void lookAgain(Duration after) {
    try {
      Future<?> next = forker.schedule(this::endIdle, after.toNanos(), TimeUnit.NANOSECONDS);
      nextLook = next;
      if (closed) {
        next.cancel(false);
      }
    } catch (RejectedExecutionException e) {
      // Closed, and all processes ended.
    }
  }

  private void endIdle() {
    if (!turn.tryAcquire()) {
      lookAgain(limits.idle());
      return;
    }
    try {
      Child live = child;
      Duration unused = Duration.ofNanos(System.nanoTime() - used);
      if (live == null || !live.alive()) {
        child = null;
        watched = false;
      } else if (unused.compareTo(limits.idle()) < 0) {
        lookAgain(limits.idle().minus(unused));
      } else {
        child = null;
        watched = false;
        Thread.ofVirtual().name("child-" + name + "-end").start(() -> end(live));
      }
    } finally {
      turn.release();
    }
  }

  /**
   * Ends the process, if there is one; the next call starts another. Waits for a call that is under
   * way, and for the end, with a limit: what it held is free then.
   */
  public void end() throws InterruptedException {
    turn.acquire();
    try {
      Child live = child;
      child = null;
      if (live != null) {
        end(live);
        boolean _ = live.awaitEnd(Child.DEATH);
      }
    } finally {
      turn.release();
    }
  }

  private static void end(Child live) {
    try {
      live.dismiss();
      if (!live.awaitEnd(Child.GRACE)) {
        live.kill("did not end");
      }
    } catch (InterruptedException e) {
      live.abandon();
      Thread.currentThread().interrupt();
    }
  }

  /** The process that there is now; 0 when there is none. */
  long pid() {
    Child live = child;
    return live != null && live.alive() ? live.pid() : 0;
  }

  /** Whether a call runs, as far as the process has been asked. */
  boolean busy() {
    Child live = child;
    return live != null && live.busy();
  }

  /** Further calls are refused, and one under way is over. Waits for the end, with a limit. */
  void close() {
    closed = true;
    Future<?> next = nextLook;
    if (next != null) {
      next.cancel(false); // else its timer would know of it for as long as it may be idle
    }
    Child live = child;
    if (live != null) {
      if (!turn.tryAcquire()) {
        live.abandon();
      } else {
        turn.release();
      }
      end(live);
    }
  }
}
