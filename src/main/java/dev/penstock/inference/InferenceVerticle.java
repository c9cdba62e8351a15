package dev.penstock.inference;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.RunCancelled;
import dev.penstock.bus.Request.Part;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.bus.Request.WorkerFigures;
import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import io.micrometer.core.instrument.Tags;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;

/** Leases the work of every lane this node serves, runs it and settles it. */
public final class InferenceVerticle extends VerticleBase {
  private final Bus bus;
  private final Handlers handlers;
  private final List<LaneRunner> lanes;
  private final String defaultModel;
  private final String worker;

  /**
   * @param defaultModel the name of the model that has to be open for this node to be ready
   * @param worker this node's name, unique among all that run
   */
  public InferenceVerticle(
      Bus bus,
      Handlers handlers,
      String defaultModel,
      String worker,
      Settings settings,
      Meters meters) {
    this.defaultModel = defaultModel;
    this.bus = bus;
    this.worker = worker;
    this.handlers = handlers;
    var floor = new Floor();
    lanes =
        handlers.lanes().stream()
            .map(lane ->
                new LaneRunner(
                    bus,
                    lane,
                    handlers.find(lane.type()).orElseThrow(),
                    worker,
                    settings,
                    floor,
                    handlers.board()))
            .toList();
    for (LaneRunner lane : lanes) {
      meters.gauge(
          "penstock.lane.running", Tags.of("lane", lane.lane().name()), lane, LaneRunner::running);
    }
  }

  @Override
  public Future<?> start() {
    bus.serve(ReadInferenceHealth.class, _ -> health());
    bus.serve(ReadWorkers.class, _ -> List.of(figures()));
    bus.listen(
        worker,
        RunCancelled.class,
        cancelled -> lanes.forEach(lane -> lane.cancel(cancelled.id())));
    lanes.forEach(LaneRunner::start);
    return Future.succeededFuture();
  }

  private WorkerFigures figures() {
    return handlers
        .board()
        .figures(
            worker,
            lanes.stream().map(LaneRunner::lane).toList(),
            lanes.stream().mapToLong(LaneRunner::running).sum(),
            handlers.status());
  }

  private List<Part> health() {
    return handlers.status().stream().map(this::part).toList();
  }

  /** Only the default model has to be open: the others open with their first task. */
  private Part part(EngineStatus status) {
    boolean needed = status.model().equals(defaultModel);
    String message =
        switch (status.state()) {
          case READY -> "open on " + status.device();
          case OPENING -> "opening";
          case CLOSED -> "opens with its first task";
          case FAILED -> "cannot be opened: " + status.message();
        };
    return new Part(
        "model " + status.model(), !needed || status.state() == EngineStatus.State.READY, message);
  }

  /**
   * Leases nothing more, lets what runs finish within the limit and gives the rest back. Blocks;
   * not to be called from an event loop.
   */
  public void drain(Duration limit) throws InterruptedException {
    lanes.forEach(LaneRunner::stopLeasing);
    long until = System.nanoTime() + limit.toNanos();
    for (LaneRunner lane : lanes) {
      lane.drain(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
    }
  }
}
