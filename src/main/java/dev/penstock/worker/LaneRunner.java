package dev.penstock.worker;

import dev.penstock.base.Backoff;
import dev.penstock.base.Coalescer;
import dev.penstock.base.ParsedJson;
import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.config.Settings;
import dev.penstock.core.Apart;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.worker.RunSlots.Offer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Leases the tasks of one lane while there is room for them, runs each on a virtual thread, keeps
 * their leases and settles them.
 */
final class LaneRunner {
  private static final Logger LOG = LoggerFactory.getLogger(LaneRunner.class);

  /** How long a lease request waits for work; also how long a stop waits for one under way. */
  private static final Duration LEASE_WAIT = Duration.ofSeconds(1);

  /** How long a request for urgent work waits: what counts as urgent changes with each run. */
  private static final Duration URGENT_WAIT = Duration.ofMillis(250);

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final Duration KEEP_EVERY = Duration.ofMillis(250);
  private static final Duration PROGRESS_EVERY = Duration.ofMillis(500);

  /** How often it is looked whether there is room for suspects. */
  private static final Duration ROOM_AGAIN = Duration.ofMillis(200);

  private static final Duration GIVE_BACK = Duration.ofSeconds(5);

  /** A lane's slots full of shorter inputs are no more than some megabytes, whatever is in them. */
  private static final int SHORT_INPUT = 16 * 1024;

  private static final long BYTES_IN_FLIGHT = 8L << 20;

  private final Bus bus;
  private final Lane lane;
  private final TaskHandler handler;
  private final String worker;
  private final Settings.LeaseTimes times;
  private final Apart apart;
  private final WorkerBoard board;
  private final boolean near;
  private final RunSlots slots;
  private final DirectRuns direct;
  private final Coalescer<SettleTask, SettleReply> settles;
  private final List<Thread> loops = new ArrayList<>();
  private final CountDownLatch stopping = new CountDownLatch(1);

  /** Whether the store is away for everybody: what runs here goes on until it is back. */
  private volatile boolean storeAway;

  /** Given once a lease has shown that suspects wait, until all of them are leased. */
  private final Semaphore suspectsWait = new Semaphore(0);

  private volatile boolean suspectsKnown;

  /**
   * @param near whether leases come from this process. While they cannot be extended the store is
   *     away, for the others too, and takes nothing back before it has heard of them: runs go on.
   *     Far away the others may go on meanwhile: what may have been lost is stopped, unless the
   *     server says that its store is away.
   */
  LaneRunner(
      Bus bus,
      Lane lane,
      TaskHandler handler,
      String worker,
      Settings settings,
      Apart apart,
      WorkerBoard board,
      boolean near) {
    this.bus = bus;
    this.lane = lane;
    this.handler = handler;
    this.worker = worker;
    this.times = settings.lease();
    this.apart = apart;
    this.board = board;
    this.near = near;
    // Twice: while an answer is waited for, others may be under way before ours is asked.
    this.settles = new Coalescer<>(this::settle, LaneRunner::bytes, ANSWER.multipliedBy(2));
    this.slots = slots(handler.concurrency(), settings.inference().tasksInHand());
    this.direct = new DirectRuns(handler, worker, slots, board);
  }

  /** The lane's slots: with a handler's own limit, a hard one, none more for urgent work. */
  private static RunSlots slots(int concurrency, int tasks) {
    return concurrency > 0
        ? new RunSlots(concurrency, 0, BYTES_IN_FLIGHT)
        : new RunSlots(tasks, Math.max(1, tasks / 4), BYTES_IN_FLIGHT);
  }

  Lane lane() {
    return lane;
  }

  int running() {
    return slots.size();
  }

  /** Stops the task's run, if it is here: nobody wants its outcome. Does not block. */
  void cancel(TaskId id) {
    slots.all().stream()
        .filter(run -> run.task().id().equals(id))
        .forEach(run -> run.stop(Run.Stop.LEASE_LOST));
  }

  void start() {
    loops.add(loop("lease", () -> leaseInto(slots.reserve(LEASE_WAIT), LEASE_WAIT)));
    loops.add(loop("urgent", () -> leaseInto(slots.reserveUrgent(LEASE_WAIT), URGENT_WAIT)));
    loops.add(loop("suspects", this::leaseSuspects));
    Thread.ofVirtual().name("keep " + lane).start(this::keep);
  }

  private interface Turn {
    void take() throws InterruptedException;
  }

  /** Takes turns until the stop; when the dispatcher is away, waits longer and longer for it. */
  private Thread loop(String what, Turn turn) {
    return Thread.ofVirtual()
        .name(what + " " + lane)
        .start(() -> {
          var pause = new Backoff(SHORTEST_PAUSE, LONGEST_PAUSE);
          while (stopping.getCount() > 0) {
            try {
              turn.take();
              pause.reset();
            } catch (Unavailable e) {
              if (pause.first()) {
                LOG.warn("lane {}: no work can be leased: {}", lane, e.getMessage());
              }
              pause.await(stopping);
            } catch (InterruptedException e) {
              return;
            } catch (RuntimeException | Error e) {
              // Whatever it was, a lane that stopped leasing would look healthy.
              LOG.error("lane {}: leasing failed", lane, e);
              pause.await(stopping);
            }
          }
        });
  }

  private void leaseInto(Offer offer, Duration wait) throws InterruptedException {
    if (offer.tasks() == 0) {
      return;
    }
    List<Run> runs = List.of();
    boolean shown = false;
    try {
      if (stopping.getCount() > 0) {
        long asked = System.nanoTime();
        Leased leased = lease(offer, suspectsKnown ? Suspects.LEAVE : Suspects.SHOW, wait);
        runs = leased.tasks().stream().map(task -> run(task, asked)).toList();
        shown = leased.suspectWaiting();
      }
    } finally {
      slots.take(offer, runs);
    }
    runs.forEach(this::begin);
    if (shown && !suspectsKnown) {
      suspectsKnown = true;
      suspectsWait.release();
    }
  }

  /**
   * Once a lease has shown that suspects wait: leases as many as there is room for, until there are
   * none. Others go on all the while, and urgent work meets none of them.
   */
  private void leaseSuspects() throws InterruptedException {
    if (!suspectsKnown && !suspectsWait.tryAcquire(LEASE_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
      return;
    }
    int places = apart.reserve();
    if (places == 0) {
      boolean _ = stopping.await(ROOM_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
      return;
    }
    int suspects = 0;
    try {
      long asked = System.nanoTime();
      var offer = new Offer(places, BYTES_IN_FLIGHT, Priority.LOWEST, false);
      List<LeasedTask> leased = lease(offer, Suspects.APART, Duration.ofMillis(1)).tasks();
      suspects = (int) leased.stream().filter(LeasedTask::suspect).count();
      List<Run> runs = leased.stream().map(task -> run(task, asked)).toList();
      slots.takeApart(runs);
      runs.forEach(this::begin);
    } finally {
      apart.release(places - suspects);
    }
    if (suspects == 0) {
      int _ = suspectsWait.drainPermits();
      suspectsKnown = false;
    }
  }

  private Leased lease(Offer offer, Suspects suspects, Duration wait) throws InterruptedException {
    return bus.ask(
        new LeaseTasks(worker, lane, offer.tasks(), offer.bytes(), offer.least(), suspects, wait),
        wait.plus(ANSWER));
  }

  private Run run(LeasedTask leased, long asked) {
    return leased.suspect()
        ? Run.apart(leased, apart, bus, times.duration(), asked)
        : new Run(leased, handler, bus, times.duration(), asked);
  }

  /** Runs work that nobody leased, on this thread: at once or not at all. */
  Ran runNow(RunNow request) throws InterruptedException {
    return stopping.getCount() == 0 ? new Ran.NotNow() : direct.run(request);
  }

  private void begin(Run run) {
    Thread.ofVirtual()
        .name("task " + run.task().id())
        .start(() -> {
          try (var _ = MDC.putCloseable("task", run.task().id().value())) {
            if (stopping.getCount() == 0) {
              run.stop(Run.Stop.SHUTDOWN);
            }
            Optional<Outcome> ended = execute(run);
            run.emitsNoMore(ended.orElse(null));
            ended.ifPresent(outcome -> {
              board.ended(outcome);
              if (!settle(run, outcome)) {
                run.emitsNoMore(null); // what it said is not the task's result
              }
            });
          } finally {
            slots.drop(run);
          }
        });
  }

  /**
   * Runs it once there is room for what its input becomes when its handler reads it: one that needs
   * more than there is runs when no other large one does. Its lease is kept meanwhile.
   */
  private static Optional<Outcome> execute(Run run) {
    byte[] input = run.task().spec().input();
    long bytes = input.length < SHORT_INPUT ? 0 : ParsedJson.bytes(input);
    long wanted = Math.min(bytes, ParsedJson.RUNS.size());
    boolean taken = wanted == 0 || ParsedJson.RUNS.take(wanted);
    try {
      while (!taken && !run.stopped()) {
        run.waits();
        taken = ParsedJson.RUNS.take(wanted, KEEP_EVERY);
      }
      return run.execute();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does that
      return run.execute();
    } finally {
      if (taken) {
        ParsedJson.RUNS.give(wanted);
      }
    }
  }

  /**
   * Settles a run, until answered or its lease has ended: then the work is somebody else's, unless
   * nobody can ask for it.
   *
   * @return whether this outcome was taken, as far as is known
   */
  private boolean settle(Run run, Outcome outcome) {
    if (outcome instanceof Outcome.Await) {
      tell(run);
    }
    SettleTask request =
        new SettleTask(
            run.task().id(),
            lane,
            run.token(),
            outcome,
            run.leaves(outcome),
            outcome instanceof Outcome.Postpone && run.cutShort());
    var pause = new Backoff(SHORTEST_PAUSE, LONGEST_PAUSE);
    while (true) {
      try {
        SettleReply reply = settles.ask(List.of(request)).getFirst();
        if (reply != SettleReply.UNANSWERED) {
          return reply != SettleReply.STALE && request.outcome().equals(outcome);
        }
        throw Unavailable.unknown("the server has not taken it", new IllegalStateException());
      } catch (Unavailable e) {
        boolean waits = (near || storeAway) && stopping.getCount() > 0;
        if (!waits && !run.held(System.nanoTime())) {
          LOG.warn("task {}: its result was lost with its lease: {}", request.id(), e.getMessage());
          return false;
        }
        if (pause.first()) {
          LOG.warn("task {}: trying again to settle: {}", request.id(), e.getMessage());
        }
        pause.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } catch (RuntimeException e) {
        LOG.error("task {}: settling failed", request.id(), e);
        if (request.outcome() instanceof Outcome.Reject) {
          return false;
        }
        // Left alone it would run again and fail to settle again.
        request = new SettleTask(request.id(), lane, request.token(), unsettled(e));
      }
    }
  }

  /** A task that waits shows how far it is, and its run may be too short for an extension. */
  private void tell(Run run) {
    HeldLease news = run.news();
    if (news == null) {
      return;
    }
    try {
      bus.ask(new ExtendLeases(worker, List.of(news)), times.extendEvery());
    } catch (Unavailable e) {
      LOG.debug("task {}: its progress is not told: {}", news.id(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<SettleReply> settle(List<SettleTask> ended) {
    try {
      return bus.ask(new SettleTasks(ended), ANSWER);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e); // Nobody interrupts who asks for all.
    }
  }

  private static long bytes(SettleTask ended) {
    long left = ended.checkpoint() == null ? 0 : ended.checkpoint().state().length;
    return switch (ended.outcome()) {
      case Outcome.Done(var output) -> output.bytes().length;
      case Outcome.Await await ->
          left + await.children().stream().mapToLong(child -> child.input().length).sum();
      case Outcome.Retry _, Outcome.Postpone _, Outcome.Reject _ -> left;
    };
  }

  private static Outcome unsettled(RuntimeException cause) {
    return new Outcome.Reject(
        new TaskError(TaskError.Code.HANDLER_FAILED, "the result cannot be kept: " + cause));
  }

  /**
   * Extends leases, reports progress and stops what ran too long, until nothing is left to keep.
   */
  private void keep() {
    try {
      while (!stopping.await(KEEP_EVERY.toMillis(), TimeUnit.MILLISECONDS) || slots.size() > 0) {
        try {
          keepOnce();
        } catch (Unavailable e) {
          LOG.debug("lane {}: leases not extended: {}", lane, e.getMessage());
        } catch (RuntimeException | Error e) {
          LOG.error("lane {}: keeping leases failed", lane, e);
        }
        if (stopping.getCount() == 0) {
          Thread.sleep(KEEP_EVERY);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void keepOnce() throws InterruptedException {
    long now = System.nanoTime();
    Map<Run, HeldLease> due = new HashMap<>();
    slots.all().stream().filter(Run::timedOut).forEach(run -> run.stop(Run.Stop.TIMEOUT));
    slots.runs().stream()
        .filter(run -> run.unbegun(now))
        .forEach(run -> run.stop(Run.Stop.UNBEGUN));
    for (Run run : slots.runs()) {
      HeldLease held = run.extension(now, times.extendEvery(), PROGRESS_EVERY);
      if (held != null) {
        due.put(run, held);
      }
    }
    try {
      for (List<Map.Entry<Run, HeldLease>> portion : Extensions.portions(due)) {
        extend(portion, now);
      }
      storeAway &= due.isEmpty();
    } catch (Unavailable e) {
      storeAway = e.isForAll();
      // The store would know better; without it, what should have lapsed has where others know.
      due.keySet().stream()
          .filter(run -> !near && !storeAway && !run.held(now))
          .forEach(run -> run.stop(Run.Stop.LEASE_LOST));
      throw e;
    }
  }

  private void extend(List<Map.Entry<Run, HeldLease>> portion, long asked)
      throws InterruptedException {
    List<HeldLease> held = portion.stream().map(Map.Entry::getValue).toList();
    Set<TaskId> lost = bus.ask(new ExtendLeases(worker, held), times.extendEvery());
    for (var each : portion) {
      if (lost.contains(each.getValue().id())) {
        each.getKey().stop(Run.Stop.LEASE_LOST);
      } else {
        each.getKey().extended(asked, each.getValue());
      }
    }
  }

  /** Leases nothing new from now on. */
  void stopLeasing() {
    stopping.countDown();
  }

  /** Lets runs finish until the time is up, then gives the rest back, uncounted. */
  void drain(Duration limit) throws InterruptedException {
    long until = System.nanoTime() + limit.toNanos();
    for (Thread loop : loops) {
      // A lease request under way may still bring tasks; they are given back at once.
      loop.join(LEASE_WAIT.plus(LEASE_WAIT));
    }
    if (!slots.awaitEmpty(Duration.ofNanos(Math.max(0, until - System.nanoTime())))) {
      LOG.info("lane {}: giving {} tasks back", lane, slots.size());
      slots.all().forEach(run -> run.stop(Run.Stop.SHUTDOWN));
      slots.awaitEmpty(GIVE_BACK);
    }
  }
}
