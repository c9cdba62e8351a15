package dev.penstock.inference;

import dev.penstock.config.Settings;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskHandler;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The built-in task handlers, and the models behind them. */
public final class Handlers implements AutoCloseable {
  private final ModelCatalogue catalogue;
  private final ModelEngines engines;
  private final TokenizerThreads threads;
  private final List<TaskHandler> handlers;
  private final WorkerBoard board;

  private Handlers(
      ModelCatalogue catalogue,
      ModelEngines engines,
      TokenizerThreads threads,
      List<TaskHandler> handlers,
      WorkerBoard board) {
    this.catalogue = catalogue;
    this.engines = engines;
    this.threads = threads;
    this.handlers = handlers;
    this.board = board;
  }

  /**
   * Chooses the device and begins to open the default model, which goes on after this returns; the
   * others open with their first task. Loads native code, so it blocks: for a platform thread.
   *
   * @param worker this worker's id, as results name it
   * @throws IllegalArgumentException when the device or the default model is none
   */
  public static Handlers open(
      Settings settings, ModelCatalogue catalogue, String worker, BatchRun.Listener listener) {
    Device device = Device.choose(settings.inference().device());
    String model = settings.embedding().model();
    ModelSpec first =
        catalogue
            .find(model)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "embedding.model: no model is called '" + model + "'"));
    WorkerBoard board = new WorkerBoard();
    BatchRun.Listener both =
        run -> {
          board.ran(run);
          listener.ran(run);
        };
    ModelEngines engines =
        new ModelEngines(
            catalogue.all(), settings.inference(), settings.data().dir(), device, both);
    TokenizerThreads threads = new TokenizerThreads(Runtime.getRuntime().availableProcessors());
    Handlers handlers =
        new Handlers(
            catalogue,
            engines,
            threads,
            List.of(
                new EmbeddingHandler(engines, threads),
                new PingHandler(worker, settings.ping().allowCrash())),
            board);
    var _ = engines.start(first); // A failure is logged, and shows in status().
    return handlers;
  }

  public List<TaskHandler> all() {
    return handlers;
  }

  /** The handler of a task type. */
  public Optional<TaskHandler> find(String type) {
    return handlers.stream().filter(handler -> handler.type().equals(type)).findFirst();
  }

  /** Every lane that can be worked on here: one for each model, and ping. */
  public List<Lane> lanes() {
    return Stream.concat(
            catalogue.all().stream().map(spec -> new Lane(EmbeddingHandler.TYPE, spec.name())),
            Stream.of(new Lane("ping", null)))
        .toList();
  }

  /** Where what is done here is counted. */
  WorkerBoard board() {
    return board;
  }

  /** How each model stands. */
  public List<EngineStatus> status() {
    return engines.status();
  }

  /**
   * Running batches finish; handlers that wait for a model return a postponement. Blocks. After the
   * last handler has returned is best.
   */
  @Override
  public void close() {
    engines.close();
    threads.close();
  }
}
