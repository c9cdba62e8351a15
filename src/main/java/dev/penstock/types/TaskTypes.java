package dev.penstock.types;

import dev.penstock.bus.Request.Part;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.engine.BatchRun;
import dev.penstock.engine.Device;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskHandler;
import dev.penstock.types.embedding.EmbeddingHandler;
import dev.penstock.types.embedding.VectorCache;
import dev.penstock.types.ping.PingHandler;
import dev.penstock.types.plugin.Plugins;
import dev.penstock.worker.WorkerBoard;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The task handlers, built in and from plugins, and the models behind them. */
public final class TaskTypes implements AutoCloseable {
  private final ModelCatalogue catalogue;
  private final ModelEngines engines;
  private final TokenizerThreads threads;
  private final Plugins plugins;
  private final List<TaskHandler> handlers;
  private final ServedLanes served;
  private final WorkerBoard board;
  private final VectorCache cache;

  private TaskTypes(
      ModelCatalogue catalogue,
      ModelEngines engines,
      TokenizerThreads threads,
      List<TaskHandler> builtIn,
      Plugins plugins,
      ServedLanes served,
      WorkerBoard board,
      VectorCache cache) {
    this.served = served;
    this.cache = cache;
    this.board = board;
    this.catalogue = catalogue;
    this.engines = engines;
    this.threads = threads;
    this.plugins = plugins;
    this.handlers = Stream.concat(builtIn.stream(), plugins.handlers().stream()).toList();
  }

  /**
   * Chooses the device and begins to open the default model, which goes on after this returns; the
   * others open with their first task. Loads native code, so it blocks: for a platform thread. A
   * process that has not the role serves no lane and opens nothing; its handlers say what inputs
   * their types take.
   *
   * @param worker this worker's id, as results name it
   * @throws IllegalArgumentException when the device or the default model is none
   * @throws BadSettings when a task type or model that is to be served is unknown
   */
  public static TaskTypes open(
      Settings settings, ModelCatalogue catalogue, String worker, BatchRun.Listener listener) {
    boolean inference = settings.has(Settings.Role.INFERENCE);
    // Looking for a GPU loads native code.
    Device device = inference ? Device.choose(settings.inference().device()) : new Device.Cpu();
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
        ModelEngines.start(
            catalogue, settings.model(), settings.inference(), settings.data().dir(), device, both);
    TokenizerThreads threads = new TokenizerThreads(Runtime.getRuntime().availableProcessors());
    VectorCache cache = new VectorCache(settings.embedding().cache());
    List<TaskHandler> builtIn =
        List.of(
            new EmbeddingHandler(engines, threads, cache),
            new PingHandler(worker, settings.ping().allowCrash()));
    Set<String> types = builtIn.stream().map(TaskHandler::type).collect(Collectors.toSet());
    Plugins plugins = Plugins.load(settings.plugins().dir(), types);
    plugins.handlers().forEach(handler -> types.add(handler.type()));
    ServedLanes served;
    try {
      ServedLanes wanted = ServedLanes.of(settings.model(), catalogue, types);
      served = inference ? wanted : ServedLanes.NOTHING;
    } catch (BadSettings e) {
      engines.close();
      threads.close();
      plugins.close();
      throw e;
    }
    TaskTypes handlers =
        new TaskTypes(catalogue, engines, threads, builtIn, plugins, served, board, cache);
    if (handlers.serves(first.name())) {
      engines.keepOpen(first);
    }
    return handlers;
  }

  public List<TaskHandler> all() {
    return handlers;
  }

  /** The handler of a task type. */
  public Optional<TaskHandler> find(String type) {
    return handlers.stream().filter(handler -> handler.type().equals(type)).findFirst();
  }

  /** Every lane that is worked on here: one for each model that is served, and the other types'. */
  public List<Lane> lanes() {
    return Stream.of(
            catalogue.all().stream().map(spec -> new Lane(EmbeddingHandler.TYPE, spec.name())),
            Stream.of(new Lane("ping", null)),
            plugins.handlers().stream().map(handler -> new Lane(handler.type(), null)))
        .flatMap(Function.identity())
        .filter(served::has)
        .toList();
  }

  /** Where what is done here is counted. */
  public WorkerBoard board() {
    return board;
  }

  /** Vectors that were made here. */
  public VectorCache cache() {
    return cache;
  }

  /** How each plugin stands. */
  public List<Part> plugins() {
    return plugins.parts();
  }

  /** Whether this process makes embeddings with the model. */
  public boolean serves(String model) {
    return served.has(new Lane(EmbeddingHandler.TYPE, model));
  }

  /** How each model stands that is served here, broken ones included. */
  public List<EngineStatus> status() {
    return engines.status().stream().filter(status -> serves(status.model())).toList();
  }

  /** Looks whether models have come, changed or gone. Blocks. */
  public void rescan() {
    catalogue.rescan();
  }

  /**
   * Running batches finish; handlers that wait for a model return a postponement. Blocks. After the
   * last handler has returned is best.
   */
  @Override
  public void close() {
    engines.close();
    threads.close();
    plugins.close();
  }
}
