package dev.penstock.inference;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event.RunCancelled;
import dev.penstock.bus.Request.Part;
import dev.penstock.bus.Request.ReadInferenceHealth;
import dev.penstock.bus.Request.ReadWorkers;
import dev.penstock.bus.Request.WorkerFigures;
import dev.penstock.config.Settings;
import dev.penstock.metrics.Meters;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Leases the work of every lane this node serves, runs it and settles it. */
public final class InferenceVerticle extends VerticleBase {
  private final Bus bus;
  private final Handlers handlers;
  private final LaneRunners lanes;
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
    lanes = new LaneRunners(bus, handlers, worker, settings, meters);
  }

  @Override
  public Future<?> start() {
    bus.serve(ReadInferenceHealth.class, _ -> health());
    bus.serve(ReadWorkers.class, _ -> List.of(figures()));
    bus.listen(worker, RunCancelled.class, cancelled -> lanes.cancel(cancelled.id()));
    lanes.start();
    return Future.succeededFuture();
  }

  private WorkerFigures figures() {
    return handlers.board().figures(worker, lanes.lanes(), lanes.running(), handlers.status());
  }

  private List<Part> health() {
    return Stream.concat(handlers.status().stream().map(this::part), handlers.plugins().stream())
        .toList();
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
    lanes.drain(limit);
  }
}
