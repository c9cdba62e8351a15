package dev.penstock.start;

import static dev.penstock.start.Parts.await;

import dev.penstock.bus.Bus;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.NativeLibraries;
import dev.penstock.metrics.Meters;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.remote.RemoteDispatch;
import dev.penstock.worker.WorkerVerticle;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;

/**
 * A process that runs tasks and nothing else: the parts of a node that do so, with {@link
 * RemoteDispatch} in the place of its dispatcher. It keeps nothing, listens on no port and needs no
 * broker.
 */
final class RemoteWorker implements AutoCloseable {
  private final Parts parts;

  /**
   * @param settings with the server's lease times
   */
  static RemoteWorker start(
      Loaded settings, Abilities abilities, RemoteDispatch dispatch, String name) throws Exception {
    var parts = new Parts();
    try {
      return new RemoteWorker(settings, abilities, dispatch, name, parts);
    } catch (Exception | Error e) {
      parts.stop();
      throw e;
    }
  }

  private RemoteWorker(
      Loaded loaded, Abilities abilities, RemoteDispatch dispatch, String name, Parts parts)
      throws Exception {
    this.parts = parts;
    Settings settings = loaded.settings();
    ModelCatalogue catalogue = abilities.catalogue(settings);
    DataFolder.prepare(settings.data().dir());
    OpenFolders.warn(settings);
    NativeLibraries.prepare(settings.data().dir());
    var meters = new Meters(new SimpleMeterRegistry());
    WorkerParts worker = WorkerParts.open(loaded, abilities, catalogue, name, meters, false);
    parts.started("models", worker::close);
    worker.openAny();
    Vertx vertx = Vertx.vertx(new VertxOptions().setFileSystemOptions(DataFolder.noFileCache()));
    parts.started("event loops", () -> await(vertx.close()));
    Bus bus = Bus.over(vertx, name);
    dispatch.serve(
        bus,
        (json, lane, output) -> worker.types().find(lane.type()).orElseThrow().write(json, output));
    parts.started("server", dispatch::close);
    var inference = new WorkerVerticle(bus, worker, worker.board(), name, settings, meters, false);
    await(vertx.deployVerticle(inference));
    parts.started("inference", () -> inference.drain(settings.shutdown().timeout()));
    parts.started(
        "polls",
        () -> {
          inference.stopLeasing(); // first: lanes must not ask in circles meanwhile
          dispatch.stopLeasing();
        });
  }

  /** Takes no more work, finishes what runs, gives the rest back; then stops every part. */
  @Override
  public void close() {
    parts.stop();
  }
}
