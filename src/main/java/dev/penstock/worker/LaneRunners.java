package dev.penstock.worker;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A runner for each lane that this node serves. Lanes come with the models that are found while the
 * program runs; they stay when a model goes, so that its tasks end with a reason.
 */
final class LaneRunners {
  private static final Logger LOG = LoggerFactory.getLogger(LaneRunners.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final int LOOKS_A_RESCAN = 5;

  private final Bus bus;
  private final LaneSource source;
  private final WorkerBoard board;
  private final String worker;
  private final Settings settings;
  private final Meters meters;
  private final boolean near;
  private final CountDownLatch stopping = new CountDownLatch(1);

  /** The runner of each lane. Guarded by itself. */
  private final Map<Lane, LaneRunner> runners = new LinkedHashMap<>();

  /** The lanes that are paused; empty: not known yet. */
  private volatile Optional<Set<Lane>> paused = Optional.empty();

  /** Until when all work is to become tasks. */
  private volatile long directNotBefore = System.nanoTime();

  LaneRunners(
      Bus bus,
      LaneSource source,
      WorkerBoard board,
      String worker,
      Settings settings,
      Meters meters,
      boolean near) {
    this.bus = bus;
    this.source = source;
    this.board = board;
    this.worker = worker;
    this.settings = settings;
    this.meters = meters;
    this.near = near;
  }

  void start() {
    addNew();
    Thread.ofVirtual().name("lanes").start(this::watch);
  }

  private void watch() {
    try {
      for (int looks = 1; !stopping.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS); looks++) {
        try {
          if (looks % LOOKS_A_RESCAN == 0) {
            source.rescan();
          }
          addNew();
        } catch (RuntimeException | Error e) {
          LOG.error("looking for new models failed", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void addNew() {
    for (Lane lane : source.lanes()) {
      synchronized (runners) {
        if (stopping.getCount() > 0 && !runners.containsKey(lane)) {
          var runner =
              new LaneRunner(
                  bus, lane, source.handler(lane), worker, settings, source.apart(), board, near);
          runners.put(lane, runner);
          meters.gauge(
              "penstock.lane.running", Tags.of("lane", lane.name()), runner, LaneRunner::running);
          runner.start();
        }
      }
    }
  }

  /** Stops the task's run, if it is here: nobody wants its outcome. Does not block. */
  void cancel(TaskId id) {
    all().forEach(runner -> runner.cancel(id));
  }

  /** Learns which lanes are paused: those are for tasks only, and they wait. */
  void paused(Set<Lane> lanes) {
    paused = Optional.of(lanes);
  }

  /** Runs nothing but tasks for that long, and what no task can be made of. */
  void directRest(Duration left) {
    directNotBefore = System.nanoTime() + left.toNanos();
  }

  /** Runs work that nobody leased, on this thread: at once or not at all. */
  Ran runNow(RunNow request) throws InterruptedException {
    Lane lane = request.spec().lane();
    LaneRunner runner;
    synchronized (runners) {
      runner = runners.get(lane);
    }
    boolean open = paused.map(lanes -> !lanes.contains(lane)).orElse(false);
    boolean rests = !request.mayWait() && System.nanoTime() - directNotBefore < 0;
    return runner == null || !open || rests ? new Ran.NotNow() : runner.runNow(request);
  }

  List<Lane> lanes() {
    return all().stream().map(LaneRunner::lane).toList();
  }

  /** How many runs are in flight. */
  long running() {
    return all().stream().mapToLong(LaneRunner::running).sum();
  }

  private List<LaneRunner> all() {
    synchronized (runners) {
      return List.copyOf(runners.values());
    }
  }

  /** Leases nothing more from now on; what runs goes on. Does not block. */
  void stopLeasing() {
    synchronized (runners) {
      stopping.countDown();
      all().forEach(LaneRunner::stopLeasing);
    }
  }

  /** Whether it was told to lease nothing more. */
  boolean draining() {
    return stopping.getCount() == 0;
  }

  /**
   * Leases nothing more, lets what runs finish within the limit and gives the rest back. Blocks.
   */
  void drain(Duration limit) throws InterruptedException {
    stopLeasing();
    long until = System.nanoTime() + limit.toNanos();
    for (LaneRunner lane : all()) {
      lane.drain(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
    }
  }
}
