package dev.penstock.start;

import dev.penstock.apart.ApartRuns;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.core.Apart;
import dev.penstock.core.Part;
import dev.penstock.engine.Backends;
import dev.penstock.engine.BatchRun;
import dev.penstock.engine.Device;
import dev.penstock.engine.EngineParts;
import dev.penstock.engine.EngineStatus;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.engine.trial.Trials;
import dev.penstock.metrics.Meters;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskHandler;
import dev.penstock.types.HandlerParts;
import dev.penstock.types.ServedLanes;
import dev.penstock.types.TaskType;
import dev.penstock.types.TaskTypes;
import dev.penstock.types.plugin.PluginType;
import dev.penstock.types.plugin.Plugins;
import dev.penstock.worker.LaneSource;
import dev.penstock.worker.WorkerBoard;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The task types, and what runs their tasks on this node. A node without role inference has the
 * types alone: it serves no lane and opens nothing.
 */
final class WorkerParts implements LaneSource, AutoCloseable {
  private final ModelCatalogue catalogue;
  private final Plugins plugins;
  private final TaskTypes types;
  private final List<ModelSpec> defaults;
  private final WorkerBoard board = new WorkerBoard();
  private final ServedLanes served;
  private final boolean alone;
  private final ModelEngines engines;
  private final TokenizerThreads tokenizers;
  private final ChildProcesses children;
  private final ApartRuns apart;
  private final Map<String, TaskHandler> handlers = new HashMap<>();

  /**
   * Chooses the device and begins to open the default models, which goes on after this returns; the
   * others open with their first task. Loads native code, so it blocks: for a platform thread.
   *
   * @param worker this worker's id, as results name it
   * @param alone whether a model that cannot be used here can be used nowhere
   * @throws IllegalArgumentException when the device is none
   * @throws BadSettings when a task type or model that is to be served is unknown
   */
  static WorkerParts open(
      Loaded loaded,
      Abilities abilities,
      ModelCatalogue catalogue,
      String worker,
      Meters meters,
      boolean alone) {
    return open(loaded, abilities, catalogue, worker, meters, alone, false);
  }

  /** The same for a child process that runs suspects: no model is opened but for them. */
  static WorkerParts inChild(Loaded loaded, Abilities abilities, String worker) {
    ModelCatalogue catalogue = abilities.catalogue(loaded.settings());
    var meters = new Meters(new SimpleMeterRegistry());
    return open(loaded, abilities, catalogue, worker, meters, false, true);
  }

  private static WorkerParts open(
      Loaded loaded,
      Abilities abilities,
      ModelCatalogue catalogue,
      String worker,
      Meters meters,
      boolean alone,
      boolean child) {
    Collection<String> taken = abilities.types().stream().map(TaskType::name).toList();
    Settings settings = loaded.settings();
    Plugins plugins = Plugins.load(settings.plugins().dir(), taken);
    var types =
        new TaskTypes(
            abilities.types(), plugins.handlers().stream().map(PluginType::new).toList(), loaded);
    ServedLanes wanted;
    try {
      wanted = ServedLanes.of(settings.model(), catalogue, types.names());
      // What nobody serves here need not be there.
      abilities.checkDefaults(catalogue, loaded, wanted);
    } catch (BadSettings e) {
      plugins.close();
      throw e;
    }
    return new WorkerParts(
        loaded, abilities, catalogue, worker, meters, plugins, types, wanted, alone, child);
  }

  private WorkerParts(
      Loaded loaded,
      Abilities abilities,
      ModelCatalogue catalogue,
      String worker,
      Meters meters,
      Plugins plugins,
      TaskTypes types,
      ServedLanes wanted,
      boolean alone,
      boolean child) {
    Settings settings = loaded.settings();
    boolean inference = settings.has(Settings.Role.INFERENCE);
    this.catalogue = catalogue;
    this.plugins = plugins;
    this.types = types;
    this.served = inference ? wanted : ServedLanes.NOTHING;
    this.alone = alone;
    // Looking for a GPU loads native code.
    Device device =
        inference ? Backends.local().device(settings.inference().device()) : new Device.Cpu();
    BatchRun.Listener listener =
        run -> {
          if (!run.failed()) {
            board.ran(run.sequences());
          }
          meters.batch(run.model(), run.sequences(), run.tokens(), run.paddedTokens(), run.time());
        };
    children = new ChildProcesses(ChildCommand.MAIN, meters::childCrashed);
    engines =
        ModelEngines.start(
            catalogue,
            settings.model(),
            abilities.backends(),
            new EngineParts(
                device,
                settings.inference(),
                settings.llama(),
                settings.data().dir(),
                listener,
                children),
            // A child is what may die.
            settings.model().trial() && !child ? Trials.in(children, settings.data().dir()) : null);
    tokenizers = new TokenizerThreads(Runtime.getRuntime().availableProcessors());
    if (inference) {
      var parts = new HandlerParts(loaded, worker, engines, tokenizers, meters, children);
      types.all().forEach(type -> handlers.put(type.name(), type.handler(parts)));
    }
    defaults =
        types.all().stream()
            .flatMap(type ->
                defaultModel(type)
                    .filter(spec -> served.has(new Lane(type.name(), spec.name())))
                    .stream())
            .distinct()
            .toList();
    if (!child) {
      engines.keepOpen(defaults);
    }
    apart =
        new ApartRuns(children, worker, ChildWorker.settings(loaded, abilities), this::elsewhere);
  }

  /** Room for a copy of a model that the child process opens, where the model is known. */
  private Optional<ApartRuns.Taken> elsewhere(String name, Runnable wanted) {
    Optional<ModelSpec> model = catalogue.known(name);
    if (model.isEmpty()) {
      return Optional.of(() -> {});
    }
    return engines.takeElsewhere(model.get(), wanted).map(back -> back::run);
  }

  @Override
  public Apart apart() {
    return apart;
  }

  /** What runs tasks of that type here. */
  Optional<TaskHandler> handler(String type) {
    return Optional.ofNullable(handlers.get(type));
  }

  /** Begins to open a model that is served, where no default one is: work for it will come. */
  void openAny() {
    if (defaults.isEmpty()) {
      engines.keepOpen(
          usableLanes().stream()
              .map(Lane::model)
              .filter(Objects::nonNull)
              .flatMap(name -> catalogue.known(name).stream())
              .limit(1)
              .toList());
    }
  }

  private Optional<ModelSpec> defaultModel(TaskType type) {
    String name = types.defaultModel(type);
    return name == null
        ? Optional.empty()
        : catalogue.find(name, Objects.requireNonNull(type.modelKind()));
  }

  TaskTypes types() {
    return types;
  }

  WorkerBoard board() {
    return board;
  }

  /**
   * Those of broken models too, where nobody else could work on them: tasks of before, which would
   * wait for what never comes, end with the reason.
   */
  @Override
  public List<Lane> lanes() {
    List<String> broken = alone ? catalogue.lasting() : List.of();
    return Stream.concat(
            usableLanes().stream(),
            types.all().stream()
                .filter(type -> type.modelKind() != null)
                .flatMap(type -> broken.stream().map(model -> new Lane(type.name(), model)))
                .filter(served::has))
        .toList();
  }

  /** Those whose tasks can be run. */
  List<Lane> usableLanes() {
    return types.all().stream().flatMap(this::lanes).filter(served::has).toList();
  }

  private Stream<Lane> lanes(TaskType type) {
    String kind = type.modelKind();
    return kind == null
        ? Stream.of(new Lane(type.name(), null))
        : catalogue.all(kind).stream().map(spec -> new Lane(type.name(), spec.name()));
  }

  @Override
  public TaskHandler handler(Lane lane) {
    TaskHandler handler = handlers.get(lane.type());
    if (handler == null) {
      throw new IllegalArgumentException("nothing here runs tasks of " + lane);
    }
    return handler;
  }

  @Override
  public void rescan() {
    catalogue.rescan();
  }

  /** How each model stands that is served here, broken ones included. */
  List<EngineStatus> models() {
    return engines.status().stream()
        .filter(status -> types.all().stream().anyMatch(type -> serves(type, status.model())))
        .toList();
  }

  /** A broken model has no kind: it is one for any type that uses models. */
  private boolean serves(TaskType type, String model) {
    String kind = type.modelKind();
    return kind != null
        && served.has(new Lane(type.name(), model))
        && catalogue.known(model).map(spec -> spec.is(kind)).orElse(true);
  }

  /** How those stand that are to stay open. */
  List<EngineStatus> defaultModels() {
    return models().stream().filter(this::isDefault).toList();
  }

  private boolean isDefault(EngineStatus status) {
    return defaults.stream().anyMatch(spec -> spec.name().equals(status.model()));
  }

  @Override
  public List<Part> health() {
    return Stream.concat(models().stream().map(this::part), plugins.parts().stream()).toList();
  }

  /** Only default models have to be open: the others open with their first task. */
  private Part part(EngineStatus status) {
    boolean needed = isDefault(status);
    String message =
        switch (status.state()) {
          case READY ->
              "open on "
                  + status.device()
                  + (status.message().isEmpty() ? "" : "; " + status.message());
          case OPENING -> "opening";
          case CLOSED -> "opens with its first task";
          case FAILED -> "cannot be opened: " + status.message();
        };
    return new Part(
        "model " + status.model(), !needed || status.state() == EngineStatus.State.READY, message);
  }

  /** What models run on; it is known once one of them is open. */
  @Override
  public String device() {
    return models().stream()
        .map(EngineStatus::device)
        .filter(device -> !device.isEmpty())
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /**
   * Running batches finish; handlers that wait for a model return a postponement. Blocks. After the
   * last handler has returned is best.
   */
  @Override
  public void close() {
    engines.close();
    tokenizers.close();
    children.close();
    plugins.close();
  }
}
