package dev.penstock.worker;

import dev.penstock.bus.Bus;
import dev.penstock.core.Apart;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RunClock;
import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskError.Code;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of one leased task: its handler's thread, and the reasons to stop it early. */
final class Run implements TimedControl {
  private static final Logger LOG = LoggerFactory.getLogger(Run.class);
  private static final Duration FOREVER = Duration.ofDays(10_000);
  private static final String NO_TOKEN = "";

  /** What is run. */
  interface Body {
    Outcome run(TaskHandler.Control control) throws InterruptedException;
  }

  /** Why a run is stopped from outside. */
  enum Stop {
    TIMEOUT,
    /** It was to begin by a time that has come, and still waits for its turn. */
    UNBEGUN,
    LEASE_LOST,
    SHUTDOWN
  }

  private enum Phase {
    NEW,
    IN_HANDLER,
    RETURNED
  }

  private final LeasedTask leased;
  private final Body body;

  /** Done where it is stopped before it begins. */
  private final Runnable unbegun;

  /** Null, as the next: it is a run that nobody leased, which has no task to listen to. */
  private final @Nullable ChildPages children;

  private final @Nullable Emission emission;
  private final Checkpoints checkpoints = new Checkpoints();
  private final RunClock clock;
  private final long leasedAt;
  private final long leaseNanos;
  private volatile long heldUntil;
  private volatile long extendedAt;
  private volatile @Nullable Progress progress;
  private volatile @Nullable Progress told;

  private Phase phase = Phase.NEW;
  private boolean waits;
  private @Nullable Thread thread;
  private @Nullable Stop stop;

  /**
   * @param bus where its pieces go and its children are asked for; null: neither
   * @param leasedAt {@link System#nanoTime} from before the lease was asked for, so that we never
   *     think we hold it longer than we do
   */
  Run(LeasedTask leased, TaskHandler handler, @Nullable Bus bus, Duration lease, long leasedAt) {
    this(
        leased,
        leased.task().spec().timeout(),
        control -> handler.run(leased.task(), control),
        () -> {},
        bus,
        lease,
        leasedAt);
  }

  private Run(
      LeasedTask leased,
      Duration limit,
      Body body,
      Runnable unbegun,
      @Nullable Bus bus,
      Duration lease,
      long leasedAt) {
    this.leased = leased;
    this.body = body;
    this.unbegun = unbegun;
    this.children =
        bus == null ? null : new ChildPages(bus, leased.task().id(), leased.lease().token());
    this.emission = bus == null ? null : new Emission(bus, leased);
    this.clock = new RunClock(limit, System::nanoTime);
    this.leasedAt = leasedAt;
    this.leaseNanos = lease.toNanos();
    this.heldUntil = leasedAt + leaseNanos;
    this.extendedAt = leasedAt;
  }

  /** A run of a suspect, in another process, where a place is kept for it. */
  static Run apart(LeasedTask leased, Apart apart, Bus bus, Duration lease, long leasedAt) {
    return new Run(
        leased,
        leased.task().spec().timeout(),
        control -> apart.run(leased, control),
        () -> apart.release(1),
        bus,
        lease,
        leasedAt);
  }

  /** A run that nobody leased. */
  static Run direct(Task task, Duration limit, Body body) {
    var lease = new Lease(task.id(), NO_TOKEN, Instant.MAX);
    return new Run(
        new LeasedTask(task, lease), limit, body, () -> {}, null, FOREVER, System.nanoTime());
  }

  Task task() {
    return leased.task();
  }

  int priority() {
    return task().spec().priority().value();
  }

  String token() {
    return leased.lease().token();
  }

  /** Runs the handler on this thread. Empty when the lease was lost: nobody wants the outcome. */
  Optional<Outcome> execute() {
    synchronized (this) {
      clock.start();
      thread = Thread.currentThread();
      if (stop != null) {
        phase = Phase.RETURNED;
        unbegun.run();
        return stopped(stop, Outcome.retry("not begun"));
      }
      phase = Phase.IN_HANDLER;
    }
    Outcome outcome;
    try {
      outcome = body.run(this);
    } catch (InterruptedException e) {
      // The interrupt was ours and has done its work; stopped() says what follows.
      outcome = Outcome.retry("interrupted");
    } catch (Exception | StackOverflowError | OutOfMemoryError | LinkageError e) {
      LOG.error("task {}: handler {} threw", task().id(), task().spec().lane().type(), e);
      outcome = Outcome.retry(e.toString());
    }
    synchronized (this) {
      phase = Phase.RETURNED;
      Thread.interrupted(); // a stop that came as the handler returned must not break the settle
      return stop == null ? Optional.of(outcome) : stopped(stop, outcome);
    }
  }

  private Optional<Outcome> stopped(Stop why, Outcome outcome) {
    boolean decided = outcome instanceof Outcome.Done || outcome instanceof Outcome.Reject;
    if (decided && why != Stop.LEASE_LOST) {
      return Optional.of(outcome); // it made it after all
    }
    return switch (why) {
      case TIMEOUT ->
          Optional.of(
              new Outcome.Retry(
                  new TaskError(
                      Code.TIMEOUT,
                      "did not finish within " + task().spec().timeout().toSeconds() + " s")));
      case UNBEGUN, SHUTDOWN -> Optional.of(new Outcome.Postpone(Duration.ZERO));
      case LEASE_LOST -> Optional.empty();
    };
  }

  /** Interrupts the handler, once; does nothing after it has returned. */
  synchronized void stop(Stop why) {
    if (stop == null && phase != Phase.RETURNED) {
      stop = why;
      if (thread != null) {
        thread.interrupt();
      }
    }
  }

  @Override
  public void progress(Progress progress) {
    this.progress = progress;
  }

  @Override
  public void emit(@Nullable Object piece) {
    if (emission != null) {
      emission.emit(piece);
    }
  }

  @Override
  public void emitFrom(long offset) {
    if (emission != null) {
      emission.from(offset);
    }
  }

  @Override
  public List<TaskOutput> heard(long offset) throws InterruptedException {
    return emission == null ? List.of() : emission.heard(offset);
  }

  /**
   * It has ended, and is about to be settled, or that was refused: no more pieces come.
   *
   * @param outcome null: nobody wants it
   */
  void emitsNoMore(@Nullable Outcome outcome) {
    if (emission != null) {
      emission.ended(outcome);
    }
  }

  @Override
  public void checkpoint(byte[] state, Collection<TaskId> read) {
    checkpoints.keep(state, read);
  }

  @Override
  public byte @Nullable [] checkpoint() {
    byte[] left = leased.checkpoint();
    return left == null ? null : left.clone();
  }

  @Override
  public EndedChildren children(int limit) throws InterruptedException {
    return children == null ? EndedChildren.NONE : children.next(limit);
  }

  @Override
  public synchronized boolean stopped() {
    return stop != null;
  }

  private synchronized boolean leaseLost() {
    return stop == Stop.LEASE_LOST;
  }

  /** Who runs work that nobody leased waits for it: its time does not stand still. */
  @Override
  public @Nullable TimeLimit timeLimit() {
    return nobodys() ? null : clock;
  }

  private boolean nobodys() {
    return token().equals(NO_TOKEN);
  }

  boolean timedOut() {
    return clock.isOver();
  }

  /** Whether it was to begin by now, and still waits for its turn. */
  boolean unbegun(long now) {
    Instant startBefore = task().spec().startBefore();
    return startBefore != null
        && waitsToBegin()
        && !storeTime(now - leasedAt).isBefore(startBefore);
  }

  /** There is no memory for its input now. */
  synchronized void waits() {
    waits = true;
  }

  private synchronized boolean waitsToBegin() {
    return phase == Phase.NEW ? waits : clock.waitsToBegin();
  }

  /** Whether some of its work was done when a stop put it back. */
  synchronized boolean cutShort() {
    return stop == Stop.SHUTDOWN && clock.begun();
  }

  /**
   * So long after it was leased, by the store's clock as it was then: no clock need agree with it.
   */
  private Instant storeTime(long nanosLater) {
    return leased.lease().deadline().minusNanos(leaseNanos).plusNanos(nanosLater);
  }

  boolean held(long now) {
    return now - heldUntil < 0;
  }

  /**
   * What another run is to go on from, where this outcome may lead to one, be it by hand; null:
   * nothing new.
   */
  @Nullable Checkpoint leaves(Outcome outcome) {
    return outcome instanceof Outcome.Done ? null : checkpoints.newest();
  }

  /** What to say of it, when it is time to extend or there is news; null: nothing yet. */
  @SuppressWarnings("ReferenceEquality") // news is what was reported anew, be it the same
  @Nullable HeldLease extension(long now, Duration extendEvery, Duration progressEvery) {
    if (leaseLost()) {
      return null; // its task may be leased again, and is not to be taken for that run
    }
    long since = now - extendedAt;
    Progress newest = progress;
    Checkpoint left = checkpoints.due(now);
    boolean due =
        since >= extendEvery.toNanos()
            || (newest != told && since >= progressEvery.toNanos())
            || left != null;
    return due ? new HeldLease(task().id(), token(), newest, left, begun(now)) : null;
  }

  private Instant begun(long now) {
    return storeTime(now - leasedAt - clock.passed());
  }

  /** Progress that the store does not have yet; null: it has the newest. */
  @SuppressWarnings("ReferenceEquality") // as above
  @Nullable HeldLease news() {
    Progress newest = progress;
    return newest == told ? null : new HeldLease(task().id(), token(), newest);
  }

  /** The lease was extended by a request sent at {@code asked} that carried {@code sent}. */
  void extended(long asked, HeldLease sent) {
    heldUntil = asked + leaseNanos;
    extendedAt = asked;
    told = sent.progress();
    if (sent.checkpoint() != null) {
      checkpoints.answered();
    }
  }
}
