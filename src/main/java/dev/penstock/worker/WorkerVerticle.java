package dev.penstock.worker;

import static java.util.Locale.ROOT;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.DirectRunsRest;
import dev.penstock.bus.Event.DrainWorker;
import dev.penstock.bus.Event.LanesPaused;
import dev.penstock.bus.Event.RunCancelled;
import dev.penstock.bus.Event.WorkerLeft;
import dev.penstock.bus.Event.WorkerSeen;
import dev.penstock.bus.Request.CountRun;
import dev.penstock.bus.Request.Ran;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.bus.Request.RunNow;
import dev.penstock.config.Settings;
import dev.penstock.core.WorkerFigures;
import dev.penstock.metrics.Meters;
import dev.penstock.task.Task;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leases the work of every lane this node serves, runs it and settles it; a node without the role
 * serves none. Tells all nodes what this one does.
 */
public final class WorkerVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerVerticle.class);
  private static final Duration ANNOUNCE_EVERY = Duration.ofSeconds(2);

  private final Bus bus;
  private final LaneSource source;
  private final WorkerBoard board;
  private final LaneRunners lanes;
  private final AtomicBoolean drainEnded = new AtomicBoolean();
  private final String worker;
  private final List<String> roles;
  private final Duration announceEvery;

  /**
   * @param board where its runs are counted
   * @param worker this node's name, unique among all that run
   * @param near whether leases come from this process: then nobody else can be asked for them
   *     either while they cannot be extended
   */
  public WorkerVerticle(
      Bus bus,
      LaneSource source,
      WorkerBoard board,
      String worker,
      Settings settings,
      Meters meters,
      boolean near) {
    this.bus = bus;
    this.worker = worker;
    this.roles =
        Arrays.stream(Settings.Role.values())
            .filter(settings::has)
            .map(role -> role.name().toLowerCase(ROOT))
            .toList();
    this.source = source;
    this.board = board;
    Duration quarter = Settings.silence(settings.lease()).dividedBy(4);
    this.announceEvery = quarter.compareTo(ANNOUNCE_EVERY) < 0 ? quarter : ANNOUNCE_EVERY;
    lanes = new LaneRunners(bus, source, board, worker, settings, meters, near);
  }

  @Override
  public Future<?> start() {
    bus.serve(ReadInferenceHealth.class, _ -> source.health());
    bus.serve(RunNow.class, this::runNow);
    lanes.start();
    announce();
    vertx.setPeriodic(announceEvery.toMillis(), _ -> announce());
    return Future.all(
        bus.listen(worker, LanesPaused.class, event -> lanes.paused(event.lanes())),
        bus.listen(worker, DirectRunsRest.class, event -> lanes.directRest(event.left())),
        bus.listen(worker, RunCancelled.class, cancelled -> lanes.cancel(cancelled.id())),
        bus.listenAll(DrainWorker.class, this::drain));
  }

  private Ran runNow(RunNow request) {
    try {
      Ran ran = lanes.runNow(request);
      if (ran instanceof Ran.Ended(Task task)) {
        bus.call(new CountRun(task));
      }
      return ran;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Ran.NotNow();
    }
  }

  /** Tells all what this node does, from a thread that may block to read the models' states. */
  private void announce() {
    Thread.ofVirtual()
        .name("announce")
        .start(() -> {
          WorkerFigures figures = figures();
          bus.tellAll(new WorkerSeen(figures));
          if (figures.draining()
              && figures.report().running() == 0
              && !drainEnded.getAndSet(true)) {
            LOG.info("drained: nothing runs any more, it may be stopped");
          }
        });
  }

  private WorkerFigures figures() {
    return new WorkerFigures(
        worker,
        roles,
        lanes.lanes(),
        board.startedAt(),
        Instant.now(),
        lanes.draining(),
        board.report(lanes.running(), source.device()));
  }

  private void drain(DrainWorker event) {
    if (event.worker().equals(worker) && !lanes.draining()) {
      LOG.info("told to drain: finishes what runs and leases nothing more");
      lanes.stopLeasing();
      announce();
    }
  }

  @Override
  public Future<?> stop() {
    bus.tellAll(new WorkerLeft(worker, null));
    return Future.succeededFuture();
  }

  /** Leases nothing more; what runs goes on. Does not block. */
  public void stopLeasing() {
    lanes.stopLeasing();
  }

  /**
   * Leases nothing more, lets what runs finish within the limit and gives the rest back. Blocks;
   * not to be called from an event loop.
   */
  public void drain(Duration limit) throws InterruptedException {
    lanes.drain(limit);
  }
}
